//! Messages in a stream of bytes. What is no message is replaced by a request that is answered with an error
//! ([`UNREADABLE`]), so that the service behind never meets a stream that it cannot read.

use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tower_lsp::jsonrpc::{Request, Response};

/// The method of the request that stands for a message that could not be read.
pub(crate) const UNREADABLE: &str = "$/unreadable";

/// A longer message is not waited for.
const MAX_BYTES: usize = 256 << 20;

/// The name of the header that gives the length.
const LENGTH: &[u8] = b"content-length:";

/// Copies messages until the input ends.
pub(crate) async fn pass<I, O>(mut input: I, mut output: O)
where
    I: AsyncRead + Unpin,
    O: AsyncWrite + Unpin,
{
    let mut frames = Frames::default();
    let mut chunk = vec![0; 1 << 16];
    loop {
        while let Some(message) = frames.next() {
            let head = format!("Content-Length: {}\r\n\r\n", message.len());
            let sent = match output.write_all(head.as_bytes()).await {
                Ok(()) => output.write_all(&message).await,
                Err(gone) => Err(gone),
            };
            if sent.is_err() {
                return;
            }
        }
        match input.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(read) => frames.bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// What has been read and not yet passed on.
#[derive(Debug, Default)]
struct Frames {
    bytes: Vec<u8>,
    /// Bytes up to here hold no header.
    seen: usize,
}

impl Frames {
    /// The next message, as soon as it is there.
    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let Some(start) = find(&self.bytes, LENGTH, self.seen) else {
                self.seen = self.bytes.len().saturating_sub(LENGTH.len());
                return None;
            };
            self.seen = start;
            let Some(end) = find(&self.bytes, b"\r\n\r\n", start) else {
                // A header is short: what goes on and on is none.
                if self.bytes.len() - start > 4096 {
                    self.seen = start + LENGTH.len();
                    continue;
                }
                return None;
            };
            let body = end + 4;
            let head = &self.bytes[start + LENGTH.len()..end];
            let line = head.split(|&byte| byte == b'\r').next().unwrap_or(head);
            let length = std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok());
            let Some(length) = length.filter(|&length: &usize| length <= MAX_BYTES) else {
                self.drop_to(body);
                return Some(unreadable());
            };
            if self.bytes.len() < body + length {
                return None;
            }
            let message = self.bytes[body..body + length].to_vec();
            if message.is_empty() {
                self.drop_to(body);
                continue;
            }
            return Some(match readable(message) {
                Ok(message) => {
                    self.drop_to(body + length);
                    message
                }
                // The length may have been too large: the next message begins inside.
                Err(message) => {
                    let next = find(&message, LENGTH, 0).unwrap_or(length);
                    self.drop_to(body + next);
                    unreadable()
                }
            });
        }
    }

    fn drop_to(&mut self, end: usize) {
        self.bytes.drain(..end);
        self.seen = 0;
    }
}

/// The message as the service can read it, or what is none.
fn readable(message: Vec<u8>) -> Result<Vec<u8>, Vec<u8>> {
    let reads = |bytes: &[u8]| {
        serde_json::from_slice::<Request>(bytes).is_ok()
            || serde_json::from_slice::<Response>(bytes).is_ok()
    };
    if reads(&message) {
        return Ok(message);
    }
    let mended = whole_characters(&message);
    if mended != message && reads(&mended) { Ok(mended) } else { Err(message) }
}

/// The JSON with halves of characters (`\ud83d` without its partner) replaced by `\ufffd`: editors send
/// what is selected, and half a character can be.
fn whole_characters(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let unit = |at: usize| -> Option<u16> {
        let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut at = 0;
    while at < json.len() {
        let length = match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.extend_from_slice(b"\\ufffd");
                at += 6;
                continue;
            }
            (Some(_), _) => 6,
            (None, _) if json[at] == b'\\' => 2,
            (None, _) => 1,
        };
        let end = (at + length).min(json.len());
        out.extend_from_slice(&json[at..end]);
        at = end;
    }
    out
}

fn unreadable() -> Vec<u8> {
    json!({ "jsonrpc": "2.0", "id": null, "method": UNREADABLE }).to_string().into_bytes()
}

/// Where `what`, in lower case, stands in the bytes from `from` on, in either case.
fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|part| part.eq_ignore_ascii_case(what)).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &str) -> Vec<String> {
        let mut frames = Frames { bytes: bytes.as_bytes().to_vec(), seen: 0 };
        let mut found = Vec::new();
        while let Some(message) = frames.next() {
            found.push(String::from_utf8(message).unwrap());
        }
        found
    }

    const EXIT: &str = r#"{"jsonrpc":"2.0","method":"exit"}"#;

    fn framed(length: usize) -> String {
        format!("Content-Length: {length}\r\n\r\n{EXIT}")
    }

    #[test]
    fn messages_come_through_as_they_are() {
        let length = EXIT.len();
        let typed = format!("Content-Type: x\r\ncontent-length:{length}\r\n\r\n{EXIT}");
        assert_eq!(all(&(framed(length) + &typed)), [EXIT, EXIT]);
        assert_eq!(all(&framed(length + 1)), [""; 0]);
    }

    #[test]
    fn after_a_wrong_length_the_next_message_is_found() {
        let bad = String::from_utf8(unreadable()).unwrap();
        for wrong in [1, EXIT.len() - 1, EXIT.len() + 1, EXIT.len() + 20, EXIT.len() + 40] {
            let text = framed(wrong) + &framed(EXIT.len()) + &framed(EXIT.len());
            let found = all(&text);
            assert_eq!(found[0], bad, "{wrong}");
            assert_eq!(found.last().unwrap(), EXIT, "{wrong}");
        }
        assert_eq!(
            all(&("Content-Length: x\r\n\r\n".to_string() + &framed(EXIT.len()))),
            [&bad, EXIT]
        );
        assert_eq!(all("Content-Length: 2\r\n\r\n[]"), [bad]);
    }

    #[test]
    fn half_a_character_is_replaced() {
        let text = r#"{"jsonrpc":"2.0","method":"a","params":{"t":"\ud83d\ude00 \\ud83d \ud83d"}}"#;
        let found = readable(text.as_bytes().to_vec()).unwrap();
        let mended =
            r#"{"jsonrpc":"2.0","method":"a","params":{"t":"\ud83d\ude00 \\ud83d \ufffd"}}"#;
        assert_eq!(String::from_utf8(found).unwrap(), mended);
    }
}
