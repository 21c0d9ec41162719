//! Reading a body: decompressed as it comes, within limits of size and of growth.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// A body this small may grow as it likes.
const RATIO_FREE_BYTES: usize = 256 * 1024;

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyError {
    /// Larger than the limit.
    TooLarge,
    /// Grows out of all proportion.
    Bomb,
    /// Not what `Content-Encoding` says, or an encoding that was not asked for.
    Damaged,
}

/// Limits of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes after decompression.
    pub(super) bytes_max: usize,
    /// How many times larger than what came over the wire it may get.
    pub(super) ratio_max: usize,
}

/// Takes a body piece by piece.
pub(super) struct Body {
    decoder: Decoder,
    /// Bytes that came over the wire.
    received: usize,
    /// The first bytes of `deflate` tell which of its two kinds it is.
    limits: Limits,
}

enum Decoder {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    Zlib(Box<ZlibDecoder<Sink>>),
    Deflate(Box<DeflateDecoder<Sink>>),
    /// `deflate` of which nothing has come yet.
    Undecided(Sink),
}

impl Body {
    /// A body of the given `Content-Encoding`.
    pub(super) fn new(encoding: &str, limits: Limits) -> Result<Self, BodyError> {
        let sink = Sink { bytes: Vec::new(), limits, received: 0, over: None };
        let decoder = match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Decoder::Plain(sink),
            "gzip" | "x-gzip" => Decoder::Gzip(Box::new(MultiGzDecoder::new(sink))),
            "deflate" => Decoder::Undecided(sink),
            _ => return Err(BodyError::Damaged),
        };
        Ok(Self { decoder, received: 0, limits })
    }

    /// Takes the next piece.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), BodyError> {
        self.received = self.received.saturating_add(piece.len());
        if self.received > self.limits.bytes_max {
            return Err(BodyError::TooLarge);
        }
        if let (Decoder::Undecided(sink), Some(first)) = (&mut self.decoder, piece.first()) {
            let sink = std::mem::take(sink);
            // A zlib stream begins with method 8; a bare one hardly ever does. Servers send both under this name.
            self.decoder = match first & 0x0f {
                8 => Decoder::Zlib(Box::new(ZlibDecoder::new(sink))),
                _ => Decoder::Deflate(Box::new(DeflateDecoder::new(sink))),
            };
        }
        self.sink().received = self.received;
        let written = match &mut self.decoder {
            Decoder::Plain(sink) | Decoder::Undecided(sink) => sink.write_all(piece),
            Decoder::Gzip(decoder) => decoder.write_all(piece),
            Decoder::Zlib(decoder) => decoder.write_all(piece),
            Decoder::Deflate(decoder) => decoder.write_all(piece),
        };
        written.map_err(|_| self.sink().over.unwrap_or(BodyError::Damaged))
    }

    /// The whole body.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, BodyError> {
        let finished = match &mut self.decoder {
            Decoder::Plain(_) | Decoder::Undecided(_) => Ok(()),
            Decoder::Gzip(_) if self.received == 0 => Ok(()),
            Decoder::Gzip(decoder) => decoder.try_finish(),
            Decoder::Zlib(decoder) => decoder.try_finish(),
            Decoder::Deflate(decoder) => decoder.try_finish(),
        };
        let sink = self.sink();
        match finished {
            Ok(()) => Ok(std::mem::take(&mut sink.bytes)),
            Err(_) => Err(sink.over.unwrap_or(BodyError::Damaged)),
        }
    }

    fn sink(&mut self) -> &mut Sink {
        match &mut self.decoder {
            Decoder::Plain(sink) | Decoder::Undecided(sink) => sink,
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Zlib(decoder) => decoder.get_mut(),
            Decoder::Deflate(decoder) => decoder.get_mut(),
        }
    }
}

/// Where the decompressed bytes go, until a limit is passed.
#[derive(Default)]
struct Sink {
    bytes: Vec<u8>,
    limits: Limits,
    received: usize,
    over: Option<BodyError>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: 8 << 20, ratio_max: 100 }
    }
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let size = self.bytes.len().saturating_add(piece.len());
        if size > RATIO_FREE_BYTES && size > self.received.saturating_mul(self.limits.ratio_max) {
            self.over = Some(BodyError::Bomb);
        } else if size > self.limits.bytes_max {
            self.over = Some(BodyError::TooLarge);
        }
        if self.over.is_some() {
            return Err(io::Error::other("over the limit"));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use proptest::prelude::*;

    use super::*;

    fn read(encoding: &str, bytes: &[u8], piece: usize) -> Result<Vec<u8>, BodyError> {
        read_up_to(1 << 20, encoding, bytes, piece)
    }

    fn read_up_to(bytes_max: usize, encoding: &str, bytes: &[u8], piece: usize) -> Result<Vec<u8>, BodyError> {
        let mut body = Body::new(encoding, Limits { bytes_max, ratio_max: 100 })?;
        for piece in bytes.chunks(piece) {
            body.push(piece)?;
        }
        body.finish()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn reads_every_encoding_in_pieces_of_any_size() {
        let text: Vec<u8> = (0..5_000u32).flat_map(|number| number.to_string().into_bytes()).collect();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(&text).unwrap();
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(&text).unwrap();
        let bodies = [
            ("", text.clone()),
            ("GZIP", gzip(&text)),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", deflate.finish().unwrap()),
        ];
        for (encoding, bytes) in bodies {
            for piece in [1, 7, 1_000_000] {
                assert_eq!(read(encoding, &bytes, piece), Ok(text.clone()), "{encoding} in pieces of {piece}");
            }
        }
        assert_eq!(read("gzip", b"", 1), Ok(Vec::new()));
    }

    #[test]
    fn refuses_what_is_too_large_or_grows_too_much_or_is_damaged() {
        let bomb = gzip(&vec![0; 200 << 20]);
        assert!(bomb.len() < 1 << 20);
        assert_eq!(read_up_to(1 << 30, "gzip", &bomb, 16_384), Err(BodyError::Bomb));
        assert_eq!(read("gzip", &bomb, 16_384), Err(BodyError::TooLarge));
        assert_eq!(read("", &vec![1; (1 << 20) + 1], 16_384), Err(BodyError::TooLarge));
        let whole = gzip(b"Some text of a feed");
        assert_eq!(read("gzip", &whole[..whole.len() - 9], 5), Err(BodyError::Damaged));
        assert_eq!(read("gzip", b"<rss></rss>", 5), Err(BodyError::Damaged));
        assert_eq!(read("br", b"x", 1), Err(BodyError::Damaged));
    }

    proptest! {
        #[test]
        fn reads_anything(bytes in prop::collection::vec(any::<u8>(), 0..2_000), piece in 1..100usize) {
            for encoding in ["", "gzip", "deflate"] {
                let read = read(encoding, &bytes, piece);
                prop_assert!(read.is_err() || read.is_ok());
            }
        }
    }
}
