//! Renderers: each decides layout only.
