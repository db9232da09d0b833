//! Bytes as a row of choices, for inputs that have a shape: every row makes some input, and a small change of the row
//! makes a small change of the input. When the bytes run out every choice is the first one.

/// The bytes that are left.
#[derive(Debug)]
pub struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    /// All of `data` is left.
    pub fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// Whether every choice from here on is the first one.
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// One of two.
    pub fn yes(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// One of `from`, which holds something.
    pub fn of<T: Clone>(&mut self, from: &[T]) -> T {
        let at = usize::from(self.byte()).checked_rem(from.len()).unwrap_or_default();
        match from.get(at) {
            Some(chosen) => chosen.clone(),
            None => panic!("there is nothing to choose from"),
        }
    }

    /// A whole number, small ones and the largest more often.
    pub fn number(&mut self) -> u64 {
        match self.byte() {
            255 => u64::MAX,
            254 => i64::MAX as u64,
            shift @ 200..=253 => 1_u64.wrapping_shl(u32::from(shift)),
            small => u64::from(small),
        }
    }

    /// Some text: at most 255 bytes, what is no UTF-8 replaced.
    pub fn text(&mut self) -> String {
        let length = usize::from(self.byte()).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(taken).into_owned()
    }
}
