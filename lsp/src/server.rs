//! The protocol: documents as they are typed, and answers in its own types.

/// Serves one editor over standard input and output until it says goodbye.
pub fn serve() -> i32 {
    0
}
