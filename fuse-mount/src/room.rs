//! Room for bytes, kept from request to request.

/// Where room begins: good for O_DIRECT on any device.
const ALIGNMENT: usize = 4096;

/// Room for bytes that begins at a page, as O_DIRECT wants it.
#[derive(Debug, Default)]
pub struct Room(Vec<u8>);

impl Room {
    /// The first `length` bytes, whatever is in them.
    pub fn of(&mut self, length: usize) -> &mut [u8] {
        if self.0.len() < length + ALIGNMENT {
            self.0.resize(length + ALIGNMENT, 0);
        }
        let start = self.start();
        &mut self.0[start..start + length]
    }

    /// The first `length` bytes of the room that was asked for last.
    pub fn filled(&self, length: usize) -> &[u8] {
        let start = self.start();
        &self.0[start..start + length]
    }

    fn start(&self) -> usize {
        // Nothing is in a room that nobody asked for.
        self.0.as_ptr().align_offset(ALIGNMENT).min(self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_aligned_however_it_grows_and_shows_what_was_filled() {
        let mut room = Room::default();
        assert_eq!(room.filled(0), b"");
        for length in [0, 1, 4096, 5000, 1 << 20, 3] {
            let bytes = room.of(length);
            assert_eq!((bytes.len(), bytes.as_ptr().align_offset(4096)), (length, 0));
            bytes.fill(length as u8 | 1);
            assert!(room.filled(length).iter().all(|byte| *byte == length as u8 | 1));
        }
    }
}
