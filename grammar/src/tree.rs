//! The tree: what stands in a file, with a span on everything. It says nothing of meaning.
//!
//! The tree is total: a text with mistakes has one too. What could not be read is an `Error` node,
//! what is not there yet is `Missing` or a [`Name`] that [is missing](Name::is_missing). Both have
//! been reported by the parser; whoever reads the tree passes over them in silence.

use dlm_base::{FileId, Span};
use std::sync::Arc;

mod expr;
mod helpers;

pub use expr::{
    Arg, Args, Arm, BinaryOp, Block, Expr, ExprKind, If, Repeat, Step, StepKind, UnaryOp,
};
pub use helpers::PathPart;

/// A file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The number of the file.
    pub file: FileId,
    /// The declarations, verbs and the rest, in the order of the text.
    pub items: Vec<Arc<Item>>,
    /// Every comment of the file, `///` included, in the order of the text.
    pub comments: Vec<Comment>,
    /// Whether a mistake of form lies anywhere in the text.
    pub broken: bool,
    /// The whole text.
    pub span: Span,
}

/// A comment, from its first slash to the end of its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// The place, without the line break and the white space before it.
    pub span: Span,
    /// Whether it begins with exactly three slashes and so documents what follows.
    pub doc: bool,
    /// Whether nothing but white space stands before it on its line.
    pub alone: bool,
}

/// The `///` lines before a declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Doc {
    /// From the first slash to the end of the last line.
    pub span: Span,
    /// The lines without their slashes and one space, joined by line breaks.
    pub text: String,
}

/// What begins at the start of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// From the keyword (or the name of a constant) to the last token; documentation is outside.
    pub span: Span,
    /// The documentation before it, also when an `allow` stands between.
    pub doc: Option<Doc>,
    /// Whether a syntax error lies inside: parts may be missing, which is no reason to complain.
    pub broken: bool,
    /// What it is.
    pub kind: ItemKind,
}

/// The kinds of items.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// `width = 32`
    Const(Const),
    /// `use std.vision: ResidualBlock`
    Use(Use),
    /// `allow W1003`
    Allow(Allow),
    /// `data Digits { … }`
    Data(Data),
    /// `layer Block(x: [C, H, W]) { … }`
    Layer(Network),
    /// `model Net(image: [1, 8, 8]) { … }`
    Model(Network),
    /// `policy Edge { … }`
    Policy(Policy),
    /// `load "net.onnx" as Oracle`
    Load(Load),
    /// `train Net on Digits { … }`
    Train(Train),
    /// `distill Net from Teacher on Digits { … }`
    Distill(Distill),
    /// `quantize Net with Edge on Digits as Net8`
    Quantize(Quantize),
    /// `export Net8 to "net.onnx"`
    Export(Export),
    /// `expect { … }`
    Expect(Expect),
    /// Something that is no item; reported.
    Error(ErrorItem),
}

/// A word at its place. Empty when it is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// A string literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What it stands for, escapes resolved.
    pub value: String,
    /// Its place with the quotes; empty when it is missing (reported).
    pub span: Span,
}

/// `name = value` at the start of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Const {
    /// The constant's name.
    pub name: Name,
    /// The place of `=`.
    pub equals: Span,
    /// Its value.
    pub value: Expr,
}

/// `use source: names`
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The place of `use`.
    pub keyword: Span,
    /// Where the names come from.
    pub source: UseSource,
    /// The names, in order.
    pub names: Vec<Name>,
}

/// Where imported names come from.
#[derive(Clone, Debug, PartialEq)]
pub enum UseSource {
    /// `std.vision`: the parts of the path; empty when it is missing (reported).
    Std(Vec<Name>),
    /// `"blocks.dlm"`: a file, relative to this one.
    File(Text),
}

/// `allow W1003`: silences warnings in the item after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Allow {
    /// The place of `allow`.
    pub keyword: Span,
    /// The codes, as written.
    pub codes: Vec<Name>,
}

/// `data Name { settings }`
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The place of `data`.
    pub keyword: Span,
    /// The name declared.
    pub name: Name,
    /// Its settings; empty and without braces when they are missing (reported).
    pub settings: Settings,
}

/// `layer Name(params) -> result { body }`, and the same for `model`.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The place of `layer` or `model`.
    pub keyword: Span,
    /// The name declared.
    pub name: Name,
    /// The parameters; flows and settings alike.
    pub params: Vec<Param>,
    /// From `(` to `)`, or an empty place when there are none.
    pub params_span: Span,
    /// The declared result, with the place of its arrow.
    pub result: Option<(Span, Type)>,
    /// The body.
    pub body: Body,
}

/// `name: type = default`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name.
    pub name: Name,
    /// The place of `:`, unless it is missing (reported).
    pub colon: Option<Span>,
    /// Its type.
    pub ty: Type,
    /// The place of `=` and the value.
    pub default: Option<(Span, Expr)>,
    /// All of it.
    pub span: Span,
}

/// A type at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// The place.
    pub span: Span,
    /// What it is.
    pub kind: TypeKind,
}

/// The types of parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `[C, H, W]`, `int[64]`, `[..]`
    Tensor {
        /// The place of the `int` before the bracket: whole numbers instead of float32.
        int: Option<Span>,
        /// The sizes without the batch, or `None` for `[..]`.
        sizes: Option<Vec<Expr>>,
    },
    /// `int`, `real`, `bool`, `string`, `list`, or another word, which is an error to report.
    Word(Name),
    /// No type stands there (reported).
    Missing,
}

/// `{ statements }`
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The braces.
    pub braces: Brackets,
    /// The rows, in order.
    pub statements: Vec<Statement>,
}

/// The places of an opening and a closing bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brackets {
    /// The opening one; empty when it is missing (reported).
    pub open: Span,
    /// The closing one; empty when it is missing (reported).
    pub close: Span,
}

/// A row of a body.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `name = flow`
    Binding(Binding),
    /// `assert condition, "text"`
    Assert(Assert),
    /// A flow without a name: the result. Only the last row may be one; others are reported.
    Flow(Expr),
    /// What could not be read (reported).
    Error(Span),
}

/// `name = flow`
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The name bound.
    pub name: Name,
    /// The place of `=`.
    pub equals: Span,
    /// The flow, or a value.
    pub value: Expr,
    /// All of it.
    pub span: Span,
}

/// `assert condition, "text {name}"`
#[derive(Clone, Debug, PartialEq)]
pub struct Assert {
    /// The place of `assert`.
    pub keyword: Span,
    /// What must hold.
    pub condition: Expr,
    /// The place of the comma and what is said otherwise.
    pub message: Option<(Span, Template)>,
    /// All of it.
    pub span: Span,
}

/// A string with names in braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The string's place with the quotes.
    pub span: Span,
    /// The parts, in order.
    pub parts: Vec<TemplatePart>,
}

/// A part of a [`Template`].
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Said as it is.
    Text(String),
    /// `{name}`: replaced by the name's value. The span is that of the name alone.
    Name(Name),
}

/// `{ key = value … override target { … } }`
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The braces.
    pub braces: Brackets,
    /// The entries, in order.
    pub entries: Vec<Entry>,
}

/// An entry of a settings block.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// `key = value`
    Setting(Setting),
    /// `override target { settings }`
    Override(Override),
    /// What could not be read (reported).
    Error(Span),
}

/// `key = value`
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The key: any word.
    pub key: Name,
    /// The place of `=`.
    pub equals: Span,
    /// The value.
    pub value: Expr,
    /// All of it.
    pub span: Span,
}

/// `override target { settings }`
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// The place of `override`.
    pub keyword: Span,
    /// A layer path (see [`Expr::as_path`]) or a call `kind(dense)`.
    pub target: Expr,
    /// The settings there.
    pub settings: Settings,
    /// All of it.
    pub span: Span,
}

/// `policy Name { settings }`
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The place of `policy`.
    pub keyword: Span,
    /// The name declared.
    pub name: Name,
    /// Its settings; empty and without braces when they are missing (reported).
    pub settings: Settings,
}

/// A model with its settings, as the verbs name it: `ResNet(depth = 9)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelUse {
    /// The model's name.
    pub name: Name,
    /// Its settings.
    pub args: Option<Args>,
    /// All of it.
    pub span: Span,
}

/// A word of a verb and the name after it: `on Digits`, `with Edge`, `as Student8`.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// The place of the word; empty when it is missing (reported).
    pub keyword: Span,
    /// The name.
    pub name: Name,
}

/// `load … as Name { settings }`
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// The place of `load`.
    pub keyword: Span,
    /// What is loaded.
    pub source: LoadSource,
    /// `as Name`
    pub name: Option<Clause>,
    /// The block, if there is one.
    pub settings: Option<Settings>,
}

/// What `load` reads.
#[derive(Clone, Debug, PartialEq)]
pub enum LoadSource {
    /// `ResNet(depth = 9) from "weights.safetensors"`: weights for a declared model.
    Weights {
        /// The model.
        model: ModelUse,
        /// The place of `from`; empty when it is missing (reported).
        from: Span,
        /// The file.
        file: Text,
    },
    /// `"net.onnx"`: a closed network.
    Network(Text),
    /// `answers("answers.npy", kind = probabilities) on Digits`
    Answers {
        /// The place of `answers`.
        word: Span,
        /// The file and the rest.
        args: Args,
        /// The data answered.
        on: Clause,
    },
}

/// `train Model on Data as Name { settings }`
#[derive(Clone, Debug, PartialEq)]
pub struct Train {
    /// The place of `train`.
    pub keyword: Span,
    /// The model.
    pub model: ModelUse,
    /// `on Data`
    pub on: Clause,
    /// `as Name`
    pub name: Option<Clause>,
    /// The block, if there is one.
    pub settings: Option<Settings>,
}

/// `distill Student from Teacher on Data as Name { settings }`
#[derive(Clone, Debug, PartialEq)]
pub struct Distill {
    /// The place of `distill`.
    pub keyword: Span,
    /// The student's model.
    pub model: ModelUse,
    /// The place of `from` and the teacher: a name, or a list of names and of weighted names.
    pub from: (Span, Expr),
    /// `on Data`
    pub on: Clause,
    /// `as Name`
    pub name: Option<Clause>,
    /// The block, if there is one.
    pub settings: Option<Settings>,
}

/// `quantize Artifact with Policy from Teacher on Data as Name { settings }`
#[derive(Clone, Debug, PartialEq)]
pub struct Quantize {
    /// The place of `quantize`.
    pub keyword: Span,
    /// The artifact.
    pub artifact: Name,
    /// `with Policy`
    pub with: Clause,
    /// The place of `from` and the teacher, as in [`Distill`].
    pub from: Option<(Span, Expr)>,
    /// `on Data`
    pub on: Option<Clause>,
    /// `as Name`
    pub name: Option<Clause>,
    /// The block, if there is one.
    pub settings: Option<Settings>,
}

/// `export Artifact to "file"`
#[derive(Clone, Debug, PartialEq)]
pub struct Export {
    /// The place of `export`.
    pub keyword: Span,
    /// The artifact.
    pub artifact: Name,
    /// The place of `to`; empty when it is missing (reported).
    pub to: Span,
    /// The file.
    pub file: Text,
}

/// `expect { comparisons }`
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// The place of `expect`.
    pub keyword: Span,
    /// The braces.
    pub braces: Brackets,
    /// The comparisons, in order. What is no comparison is an error to report.
    pub rows: Vec<Expr>,
}

/// What is no item.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorItem {
    /// The name that it probably declares: uses of it are no further mistake.
    pub declares: Option<Name>,
}
