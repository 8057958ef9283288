//! Room behind some lines of a text that is typed into, so that what stands after an edit stays at its bytes: then
//! all that was found of it can be used again as it is. The room is white space at the ends of lines, which says
//! nothing; lines and columns are those of the text itself.

/// Bytes of room behind a line.
const ROOM: usize = 96;
/// Room is this many bytes apart, or more.
const APART: usize = 160;
/// Without an empty line for this many bytes, room is given behind another.
const FAR: usize = 2_000;
/// An edit that writes more than this changes where room is.
const LARGE: usize = 4_096;
/// More room than this, as large deletions leave it, is given back.
const MOST: usize = 1 << 16;

/// Where a text has room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// In the order of the text.
    gaps: Vec<Gap>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Gap {
    /// The byte of the text before which the room is: the end of a line.
    at: usize,
    /// The same byte, counted with all room before it.
    start: usize,
    len: usize,
}

impl Room {
    /// The text with its room.
    pub(crate) fn widen(&self, text: &str) -> String {
        let mut wide = String::with_capacity(text.len() + self.total());
        let mut from = 0;
        for gap in &self.gaps {
            wide.push_str(&text[from..gap.at]);
            wide.extend(std::iter::repeat_n(' ', gap.len));
            from = gap.at;
        }
        wide.push_str(&text[from..]);
        wide
    }

    /// A byte of the wide text that is not in room: where room is, the end of the line before it.
    pub fn outside(&self, offset: usize) -> usize {
        match self.before(offset) {
            Some(gap) if offset < gap.start + gap.len => gap.start,
            _ => offset,
        }
    }

    /// The byte of the text itself at a byte of the wide text.
    pub fn narrow(&self, offset: usize) -> usize {
        match self.before(offset) {
            Some(gap) => gap.at + offset.saturating_sub(gap.start + gap.len),
            None => offset,
        }
    }

    /// The last room that begins before a byte of the wide text, or there.
    fn before(&self, offset: usize) -> Option<&Gap> {
        let behind = self.gaps.partition_point(|gap| gap.start <= offset);
        behind.checked_sub(1).map(|last| &self.gaps[last])
    }

    fn total(&self) -> usize {
        self.gaps.iter().map(|gap| gap.len).sum()
    }

    /// Gives room to a text.
    pub(crate) fn of(text: &str) -> Room {
        let mut gaps = Vec::new();
        let (mut line, mut last) = (0, 0);
        for end in text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(i, _)| i) {
            let at = if text[line..end].ends_with('\r') { end - 1 } else { end };
            let empty = at == line;
            let plain = || !text[line..at].contains(['/', '"']);
            if empty && end - last >= APART || end - last >= FAR && plain() {
                gaps.push(Gap { at, start: 0, len: ROOM });
                last = end;
            }
            line = end + 1;
        }
        let mut room = Room { gaps };
        room.count();
        room
    }

    /// The room of a text that was `old` and is `new`: what stands behind the edit stays where it was.
    pub(crate) fn after(&mut self, old: &str, new: &str) {
        let (from, old_to, new_to) = difference(old, new);
        if new_to - from > LARGE || old.is_empty() {
            *self = Room::of(new);
            return;
        }
        // How far the text behind the edit would move to the right.
        let mut by = new_to as i64 - old_to as i64;
        let mut gaps = Vec::with_capacity(self.gaps.len());
        for mut gap in std::mem::take(&mut self.gaps) {
            let behind = gap.at >= old_to;
            if behind {
                gap.at = gap.at - old_to + new_to;
            }
            let kept = (behind || gap.at <= from) && ends_line(new, gap.at);
            if !kept {
                by -= gap.len as i64;
                continue;
            }
            if behind && by != 0 {
                let len = gap.len as i64 - by;
                let first = gaps.last().is_none_or(|last: &Gap| last.at <= from);
                gap.len = match len {
                    0.. if len <= MOST as i64 => len as usize,
                    // What is used up is given room again, at the cost of what follows.
                    _ if first => ROOM,
                    _ => 0,
                };
                by = gap.len as i64 - len;
            }
            gaps.push(gap);
        }
        self.gaps = gaps;
        self.count();
    }

    fn count(&mut self) {
        let mut before = 0;
        for gap in &mut self.gaps {
            gap.start = gap.at + before;
            before += gap.len;
        }
    }

    /// The bytes of the wide text at which there is room.
    #[cfg(test)]
    pub(crate) fn ranges(&self) -> Vec<std::ops::Range<usize>> {
        self.gaps.iter().map(|gap| gap.start..gap.start + gap.len).collect()
    }
}

/// Whether a line ends at a byte.
fn ends_line(text: &str, at: usize) -> bool {
    let rest = &text.as_bytes()[at..];
    rest.is_empty() || rest.starts_with(b"\n") || rest.starts_with(b"\r\n")
}

/// Where two texts begin to differ, and where they end to, in each.
fn difference(old: &str, new: &str) -> (usize, usize, usize) {
    let most = old.len().min(new.len());
    let same = same_start(old.as_bytes(), new.as_bytes());
    let (a, b) = (&old.as_bytes()[same..], &new.as_bytes()[same..]);
    let most_end = most - same;
    let (a, b) = (&a[a.len() - most_end..], &b[b.len() - most_end..]);
    let end = same_end(a, b);
    (same, old.len() - end, new.len() - end)
}

/// How many bytes are equal from the first on.
fn same_start(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 256;
    let blocks = a.chunks_exact(STEP).zip(b.chunks_exact(STEP)).take_while(|(a, b)| a == b);
    let known = blocks.count() * STEP;
    known + a[known..].iter().zip(&b[known..]).take_while(|(a, b)| a == b).count()
}

/// How many bytes are equal from the last back, of as many.
fn same_end(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 256;
    let blocks = a.rchunks_exact(STEP).zip(b.rchunks_exact(STEP)).take_while(|(a, b)| a == b);
    let known = blocks.count() * STEP;
    let (a, b) = (&a[..a.len() - known], &b[..b.len() - known]);
    known + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(items: usize) -> String {
        let one = |i| {
            format!(
                "/// é\nlayer L{i}(x: [C]) {{\n    x -> dense(C * 2) -> relu // {i:0120}\n}}\n\n"
            )
        };
        (0..items).map(one).collect()
    }

    #[test]
    fn room_is_at_the_ends_of_lines_and_changes_no_place() {
        for text in [program(20), program(20).replace('\n', "\r\n")] {
            let room = Room::of(&text);
            let wide = room.widen(&text);
            assert_eq!(room.ranges().len(), 20);
            let trimmed = |text: &str| {
                text.lines().map(|line| line.trim_end().to_string()).collect::<Vec<_>>()
            };
            assert_eq!(trimmed(&text), trimmed(&wide));
            for (i, c) in wide.char_indices() {
                if !room.ranges().iter().any(|range| range.contains(&i)) {
                    assert!(text[room.narrow(i)..].starts_with(c), "{i}");
                    assert_eq!(room.outside(i), i);
                }
            }
            assert_eq!(room.narrow(wide.len()), text.len());
        }
    }

    #[test]
    fn what_stands_behind_an_edit_stays() {
        let old = program(20);
        let mut room = Room::of(&old);
        let wide = room.widen(&old);
        let at = old.find("L7").expect("a layer");
        let last = wide.rfind("L19").expect("the last");
        let mut text = old;
        for i in 0..400 {
            let new = format!("{}x{}", &text[..at], &text[at..]);
            room.after(&text, &new);
            let wide = room.widen(&new);
            assert_eq!(wide.replace(' ', ""), new.replace(' ', ""));
            assert_eq!(wide.rfind("L19"), Some(last), "{i}");
            text = new;
        }
        // Taken back at once.
        let (from, to) = (at, at + 400);
        let new = format!("{}{}", &text[..from], &text[to..]);
        room.after(&text, &new);
        assert_eq!(room.widen(&new).rfind("L19"), Some(last));
        // Several items with their room.
        let cut = new.find("layer L12").expect("a layer");
        let shorter = format!("{}{}", &new[..at], &new[cut..]);
        room.after(&new, &shorter);
        let wide = room.widen(&shorter);
        assert_eq!(wide.rfind("L19"), Some(last));
        assert_eq!(room.narrow(last), shorter.rfind("L19").expect("the last"));
        // Room stays at the ends of lines, also when a line break goes.
        let blank = shorter.find("\n\n").expect("an empty line");
        let joined = format!("{}{}", &shorter[..blank], &shorter[blank + 2..]);
        room.after(&shorter, &joined);
        assert_eq!(room.widen(&joined).replace(' ', ""), joined.replace(' ', ""));
        for range in room.ranges() {
            assert!(ends_line(&joined, room.narrow(range.end)));
        }
    }
}
