//! Files with a checksum, which no fuzzer guesses: a whole one is edited and sealed again.

/// Makes content of an input: after a zero the input itself, otherwise `whole` with edits of four bytes each: a place (two
/// bytes, little-endian), what to do there (0 replace, 1 insert, 2 remove, 3 cut the rest off) and a byte.
pub fn content(input: &[u8], whole: &[u8]) -> Vec<u8> {
    let Some((&first, rest)) = input.split_first() else { return whole.to_vec() };
    if first == 0 {
        return rest.to_vec();
    }
    let mut content = whole.to_vec();
    for edit in rest.as_chunks::<4>().0 {
        let [low, high, action, byte] = *edit;
        let place = usize::from(u16::from_le_bytes([low, high])) % (content.len() + 1);
        match action % 4 {
            1 => content.insert(place, byte),
            3 if byte == 0xFF => content.truncate(place),
            2 if place < content.len() => {
                content.remove(place);
            }
            _ => {
                if let Some(old) = content.get_mut(place) {
                    *old = byte;
                }
            }
        }
    }
    content
}

/// Magic, checksum, content.
pub fn seal(magic: &[u8; 8], sum: u64, content: &[u8]) -> Vec<u8> {
    [magic.as_slice(), &sum.to_le_bytes(), content].concat()
}

/// Content of a sealed file.
///
/// # Panics
/// It is shorter than a seal.
pub fn opened(bytes: &[u8]) -> &[u8] {
    bytes.get(16..).unwrap_or_else(|| panic!("no sealed file"))
}
