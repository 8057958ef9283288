//! Text from a network that says what follows: token by token.

use crate::run::RunError;
use crate::stored::Stored;
use dlm_base::Shape;
use dlm_kernels::rng;
use dlm_vocab::data::{Target, TokenUnit, Tokens};

/// How a text goes on.
#[derive(Clone, Copy, Debug)]
pub struct Generation {
    /// How many tokens are added.
    pub tokens: usize,
    /// Logits are divided by it before softmax: below 1 likely tokens become likelier; with 0 the likeliest is taken.
    pub temperature: f64,
    /// The seed of what is drawn.
    pub seed: u64,
}

impl Stored<'_> {
    /// Goes on with a prompt; `hear` gets each piece of text when it is known. The network sees the last tokens of what
    /// there is, as many as it was trained on. An empty prompt begins a line. The same seed gives the same text.
    ///
    /// # Errors
    /// When the artifact does not say what follows a text, the prompt has what its vocabulary has not, or it cannot
    /// answer.
    pub fn generate(
        &self,
        prompt: &str,
        how: Generation,
        hear: &mut dyn FnMut(&str),
    ) -> Result<(), RunError> {
        let preprocess = &self.about.preprocess;
        let (Some(tokens), Target::Sequence { classes, steps }) =
            (&preprocess.tokens, &preprocess.target)
        else {
            let artifact = &self.about.artifact;
            return Err(RunError {
                message: format!("`{artifact}` does not say what follows a text"),
                help: Some("take one that is trained on `text(…)`".to_string()),
                span: None,
            });
        };
        let (steps, width) = (*steps, classes.len());
        let mut text = encode(prompt, tokens)?;
        let mut decoder = Decoder::default();
        let mut drawn = rng::Stream::new(rng::key_of(how.seed, "generate"));
        let mut asked = self.plain(&Shape(preprocess.shape.clone()));
        let mut window = vec![0.0; steps];
        for _ in 0..how.tokens {
            let seen = &text[text.len().saturating_sub(steps)..];
            window.fill(0.0);
            window.iter_mut().zip(seen).for_each(|(x, &token)| *x = token as f32);
            asked.ask(&window, &[]).map_err(|why| self.cannot(why))?;
            let logits = &asked.answers()[(seen.len() - 1) * width..][..width];
            let token = draw(logits, how.temperature, drawn.uniform());
            text.push(token);
            let piece = match tokens.unit {
                TokenUnit::Byte => decoder.byte(token as u8),
                TokenUnit::Char | TokenUnit::Word => tokens.names[token].clone(),
            };
            if !piece.is_empty() {
                hear(&piece);
            }
        }
        Ok(())
    }
}

/// The tokens of a prompt; of an empty one those of a line's beginning.
fn encode(prompt: &str, tokens: &Tokens) -> Result<Vec<usize>, RunError> {
    let prompt = if prompt.is_empty() { "\n" } else { prompt };
    if tokens.unit == TokenUnit::Byte {
        return Ok(prompt.bytes().map(usize::from).collect());
    }
    let place = |c: char| {
        let mut text = [0; 4];
        let text: &str = c.encode_utf8(&mut text);
        match tokens.names.iter().position(|name| name == text) {
            Some(place) => Ok(place),
            // A text of one line has no line breaks.
            None if prompt == "\n" => Ok(0),
            None => Err(RunError {
                message: format!("the prompt has {c:?}, which the text of the training has not"),
                help: Some("leave it out".to_string()),
                span: None,
            }),
        }
    };
    prompt.chars().map(place).collect()
}

/// A class drawn by its probability at this temperature; `at` is between 0 and 1.
fn draw(logits: &[f32], temperature: f64, at: f64) -> usize {
    if temperature == 0.0 {
        return crate::metrics::class(logits) as usize;
    }
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let share = |&z: &f32| (f64::from(z - largest) / temperature).exp();
    let mut left = at * logits.iter().map(share).sum::<f64>();
    for (class, logit) in logits.iter().enumerate() {
        left -= share(logit);
        if left < 0.0 {
            return class;
        }
    }
    crate::metrics::class(logits) as usize
}

/// Characters from bytes that come one by one.
#[derive(Debug, Default)]
struct Decoder(Vec<u8>);

impl Decoder {
    /// The text that is whole with this byte; what can be no character becomes U+FFFD.
    fn byte(&mut self, byte: u8) -> String {
        self.0.push(byte);
        let mut out = String::new();
        while !self.0.is_empty() {
            match std::str::from_utf8(&self.0) {
                Ok(text) => {
                    out.push_str(text);
                    self.0.clear();
                }
                Err(error) if error.valid_up_to() > 0 => {
                    let rest = self.0.split_off(error.valid_up_to());
                    out.push_str(&String::from_utf8_lossy(&self.0));
                    self.0 = rest;
                }
                Err(error) => match error.error_len() {
                    Some(bad) => {
                        out.push(char::REPLACEMENT_CHARACTER);
                        self.0.drain(..bad);
                    }
                    // The rest of the character is to come.
                    None => break,
                },
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_characters_when_they_are_whole() {
        let mut decoder = Decoder::default();
        let pieces: Vec<String> =
            b"a\xc3\xa4\xff\xe2\x82b".iter().map(|&byte| decoder.byte(byte)).collect();
        assert_eq!(pieces, ["a", "", "ä", "\u{fffd}", "", "", "\u{fffd}b"]);
    }

    #[test]
    fn likely_tokens_are_drawn_more_often_and_alone_when_it_is_cold() {
        let logits = [0.0, 1.0, 0.5];
        assert_eq!(draw(&logits, 0.0, 0.99), 1);
        assert!((0..100).all(|i| draw(&logits, 0.01, (f64::from(i) + 0.5) / 100.0) == 1));
        let mut counts = [0; 3];
        (0..1000).for_each(|i| counts[draw(&logits, 1.0, f64::from(i) / 1000.0)] += 1);
        // e⁰ : e¹ : e^½ of 5.367.
        assert_eq!(counts, [187, 506, 307]);
        assert_eq!(draw(&logits, 1.0, 1.0), 1);
    }

    #[test]
    fn a_prompt_is_of_known_characters() {
        let names = ["\n", "a", "é"].map(str::to_string).to_vec();
        let chars = Tokens { unit: TokenUnit::Char, names };
        assert_eq!(encode("aéa", &chars).unwrap(), [1, 2, 1]);
        assert_eq!(encode("", &chars).unwrap(), [0]);
        let error = encode("ab", &chars).unwrap_err();
        assert_eq!(error.message, "the prompt has 'b', which the text of the training has not");
        let bytes = Tokens { unit: TokenUnit::Byte, names: Vec::new() };
        assert_eq!(encode("é", &bytes).unwrap(), [0xc3, 0xa9]);
    }
}
