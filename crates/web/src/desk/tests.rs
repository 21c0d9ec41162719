//! The desk over the ports in memory, asked as a browser asks: with and without scripts.

mod bodies;
mod pages;
mod work;
