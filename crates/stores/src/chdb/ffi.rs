//! The C interface of libchdb, loaded at run time: the one place with `unsafe`.
//!
//! Declarations follow `chdb.h` of chdb-core 26.7; the symbols were checked against the pinned package. The library is
//! never unloaded: its threads run its code until the process ends.
#![allow(unsafe_code, reason = "a C library can be called in no other way; every block says why it is sound")]

use std::{
    ffi::{CStr, CString, NulError, c_char, c_int, c_void},
    path::Path,
    ptr::{self, NonNull},
    slice,
};

use libloading::Library;

/// `chdb_connection`: a handle the library gives out by address.
type Handle = *mut c_void;
type Bytes = *const c_char;

/// The functions of the library in use.
#[derive(Debug)]
pub(super) struct Api {
    connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut Handle,
    close: unsafe extern "C" fn(*mut Handle),
    query: unsafe extern "C" fn(
        Handle,
        Bytes,
        usize,
        Bytes,
        usize,
        *const Bytes,
        *const usize,
        *const Bytes,
        *const usize,
        usize,
    ) -> *mut c_void,
    insert: unsafe extern "C" fn(Handle, Bytes, usize, Bytes, usize) -> *mut c_void,
    insert_append: unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> c_int,
    insert_done: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    insert_error: unsafe extern "C" fn(*mut c_void) -> Bytes,
    insert_destroy: unsafe extern "C" fn(*mut c_void),
    result_buffer: unsafe extern "C" fn(*mut c_void) -> *mut c_char,
    result_length: unsafe extern "C" fn(*mut c_void) -> usize,
    result_error: unsafe extern "C" fn(*mut c_void) -> Bytes,
    result_destroy: unsafe extern "C" fn(*mut c_void),
    version: unsafe extern "C" fn() -> Bytes,
}

impl Api {
    /// Loads the library and switches its signal handlers off: they would take the place of the process's own.
    ///
    /// # Errors
    /// No such file, not a library for this machine, or one without these functions.
    pub(super) fn load(path: &Path) -> Result<Self, libloading::Error> {
        // SAFETY: loading runs the library's initialisers. The operator names the file, and trusts it as much as this
        // program's own: there is no way to check it from here.
        let library = unsafe { Library::new(path) }?;
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the field's type is the declaration of this function in chdb.h.
                *unsafe { library.get($name) }?
            };
        }
        let set_signal_handlers: unsafe extern "C" fn(c_int) = symbol!(b"chdb_set_signal_handlers_enabled\0");
        let api = Self {
            connect: symbol!(b"chdb_connect\0"),
            close: symbol!(b"chdb_close_conn\0"),
            query: symbol!(b"chdb_query_with_params_n\0"),
            insert: symbol!(b"chdb_stream_insert_n\0"),
            insert_append: symbol!(b"chdb_stream_append\0"),
            insert_done: symbol!(b"chdb_stream_done\0"),
            insert_error: symbol!(b"chdb_stream_insert_error\0"),
            insert_destroy: symbol!(b"chdb_destroy_insert_stream\0"),
            result_buffer: symbol!(b"chdb_result_buffer\0"),
            result_length: symbol!(b"chdb_result_length\0"),
            result_error: symbol!(b"chdb_result_error\0"),
            result_destroy: symbol!(b"chdb_destroy_query_result\0"),
            version: symbol!(b"chdb_version\0"),
        };
        // SAFETY: takes a flag by value; called before the first connection, as chdb.h asks.
        unsafe { set_signal_handlers(0) };
        // The functions stay valid for as long as the library is loaded, which is from now on for ever.
        std::mem::forget(library);
        Ok(api)
    }

    /// The version of the library.
    pub(super) fn version(&self) -> String {
        // SAFETY: returns a text that lives as long as the library.
        unsafe { text((self.version)()) }.unwrap_or_default()
    }
}

/// A connection: a session with its own settings and database. It runs one statement at a time.
#[derive(Debug)]
pub(super) struct Connection {
    api: &'static Api,
    address: NonNull<Handle>,
}

// SAFETY: a connection is not bound to a thread; `&mut self` on every use keeps it to one thread at a time.
unsafe impl Send for Connection {}

impl Connection {
    /// Connects; the first connection of a process starts the engine with these arguments. `None` when the engine
    /// refuses: it says why on the process's standard error only.
    ///
    /// # Errors
    /// An argument with a NUL in it.
    pub(super) fn open(api: &'static Api, arguments: &[String]) -> Result<Option<Self>, NulError> {
        let arguments: Vec<CString> =
            arguments.iter().map(|argument| CString::new(argument.as_str())).collect::<Result<_, _>>()?;
        let mut pointers: Vec<*mut c_char> = arguments.iter().map(|argument| argument.as_ptr().cast_mut()).collect();
        let count = c_int::try_from(pointers.len()).unwrap_or(c_int::MAX);
        // SAFETY: `count` pointers to NUL-terminated texts that outlive the call; the library copies them.
        let address = unsafe { (api.connect)(count, pointers.as_mut_ptr()) };
        skip_shutdown_at_exit();
        Ok(NonNull::new(address).map(|address| Self { api, address }))
    }

    /// Runs a statement with its parameters, which are bound by the engine, and gives the result in a format.
    ///
    /// # Errors
    /// The engine's message: `Code: N. DB::Exception: …`.
    pub(super) fn query(
        &mut self,
        sql: &str,
        format: &str,
        parameters: &[(String, String)],
    ) -> Result<QueryResult, String> {
        let names: Vec<Bytes> = parameters.iter().map(|(name, _)| name.as_ptr().cast()).collect();
        let name_lengths: Vec<usize> = parameters.iter().map(|(name, _)| name.len()).collect();
        let values: Vec<Bytes> = parameters.iter().map(|(_, value)| value.as_ptr().cast()).collect();
        let value_lengths: Vec<usize> = parameters.iter().map(|(_, value)| value.len()).collect();
        // SAFETY: the handle is live until `drop`; every pointer comes with the length of what it points to, and all
        // of it outlives the call.
        let result = unsafe {
            (self.api.query)(
                *self.address.as_ptr(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                names.as_ptr(),
                name_lengths.as_ptr(),
                values.as_ptr(),
                value_lengths.as_ptr(),
                parameters.len(),
            )
        };
        QueryResult::new(self.api, result)
    }

    /// Inserts data: the statement without its FORMAT clause, the format, the data.
    ///
    /// `query` cannot do this: it looks for the end of the data in the data.
    ///
    /// # Errors
    /// The engine's message: `Code: N. DB::Exception: …`.
    pub(super) fn insert(&mut self, sql: &str, format: &str, data: &[u8]) -> Result<(), String> {
        const CHUNK_BYTES: usize = 1 << 20;
        // SAFETY: the handle is live until `drop`; both texts outlive the call.
        let stream = unsafe {
            (self.api.insert)(
                *self.address.as_ptr(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
            )
        };
        let stream = InsertStream { api: self.api, stream, _connection: self };
        stream.check()?;
        for chunk in data.chunks(CHUNK_BYTES) {
            stream.append(chunk)?;
        }
        stream.finish()
    }
}

/// Closing the last connection stops the engine; see `Sessions` for why one is kept.
impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the address came from `connect` and is closed once. The library leaves the outer cell, one pointer,
        // to the process.
        unsafe { (self.api.close)(self.address.as_ptr()) };
    }
}

/// An insert under way; dropping it before `finish` takes it back.
struct InsertStream<'a> {
    api: &'static Api,
    stream: *mut c_void,
    _connection: &'a mut Connection,
}

impl InsertStream<'_> {
    fn check(&self) -> Result<(), String> {
        // SAFETY: the stream is live until `drop`; the text is copied before anything else is called.
        match unsafe { text((self.api.insert_error)(self.stream)) } {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn append(&self, chunk: &[u8]) -> Result<(), String> {
        // SAFETY: the stream is live until `drop`; the library copies the chunk before it returns.
        if unsafe { (self.api.insert_append)(self.stream, chunk.as_ptr().cast(), chunk.len()) } == 0 {
            return Ok(());
        }
        self.check()?;
        Err("the insert was ended by the engine without a reason".to_owned())
    }

    fn finish(self) -> Result<(), String> {
        // SAFETY: the stream is live until `drop`, which frees it after `done` as chdb.h asks.
        let result = unsafe { (self.api.insert_done)(self.stream) };
        QueryResult::new(self.api, result).map(drop)
    }
}

impl Drop for InsertStream<'_> {
    fn drop(&mut self) {
        // SAFETY: freed once; the connection it belongs to is still borrowed, so it is open.
        unsafe { (self.api.insert_destroy)(self.stream) };
    }
}

/// What a statement gave, in the format that was asked for; frees itself.
#[derive(Debug)]
pub(super) struct QueryResult {
    api: &'static Api,
    result: NonNull<c_void>,
}

// SAFETY: a result is memory of its own, not bound to its connection or a thread.
unsafe impl Send for QueryResult {}

impl QueryResult {
    fn new(api: &'static Api, result: *mut c_void) -> Result<Self, String> {
        let Some(result) = NonNull::new(result) else {
            return Err("the engine gave no result".to_owned());
        };
        let result = Self { api, result };
        // SAFETY: the result is live until `drop`; the text is copied at once.
        match unsafe { text((api.result_error)(result.result.as_ptr())) } {
            Some(error) => Err(error),
            None => Ok(result),
        }
    }
}

impl AsRef<[u8]> for QueryResult {
    fn as_ref(&self) -> &[u8] {
        let result = self.result.as_ptr();
        // SAFETY: the result is live until `drop`.
        let (buffer, length) = unsafe { ((self.api.result_buffer)(result), (self.api.result_length)(result)) };
        if buffer.is_null() || length == 0 {
            return &[];
        }
        // SAFETY: the buffer holds `length` bytes, is not written to again and lives as long as the result.
        unsafe { slice::from_raw_parts(buffer.cast_const().cast(), length) }
    }
}

impl Drop for QueryResult {
    fn drop(&mut self) {
        // SAFETY: the result came from the library and is freed once.
        unsafe { (self.api.result_destroy)(self.result.as_ptr()) };
    }
}

/// Has the process end without the library's own end, which trips over its background threads and would turn a good
/// exit into a signal. What was acknowledged is on disk, as after a kill.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn skip_shutdown_at_exit() {
    unsafe extern "C" {
        fn on_exit(function: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
        fn _exit(status: c_int) -> !;
    }
    extern "C" fn leave(status: c_int, _: *mut c_void) {
        // SAFETY: takes a number and does not return. Rust has flushed its output before exit handlers run.
        unsafe { _exit(status) }
    }
    // SAFETY: a function that lives for ever and no argument. Handlers run in reverse order, so this one, registered
    // after the library's, runs before them. When it is refused, for want of memory, the process ends as without it.
    unsafe { on_exit(leave, ptr::null_mut()) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn skip_shutdown_at_exit() {}

/// Copies a NUL-terminated text; `None` for NULL.
///
/// # Safety
/// The pointer is NULL or points to a NUL-terminated text that lives until this returns.
unsafe fn text(text: Bytes) -> Option<String> {
    if ptr::eq(text, ptr::null()) {
        return None;
    }
    // SAFETY: by the contract of this function.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
