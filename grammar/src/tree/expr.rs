//! Expressions over constants and tensors, calls and steps.

use super::{Brackets, Clause, Name};
use dlm_base::Span;

/// `(args)`
#[derive(Clone, Debug, PartialEq)]
pub struct Args {
    /// The parentheses.
    pub parens: Brackets,
    /// The arguments, in order.
    pub list: Vec<Arg>,
}

/// `value` or `name = value`
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// The name and the place of `=`.
    pub name: Option<(Name, Span)>,
    /// The value, which may be a flow.
    pub value: Expr,
    /// All of it.
    pub span: Span,
}

/// An expression over constants or tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// The place; an expression in parentheses includes them.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `x`
    Name(Name),
    /// `10_000`
    Int(i64),
    /// `1e-3`
    Real(f64),
    /// `97%`, held as 0.97.
    Percent(f64),
    /// `"text"`, escapes resolved.
    Str(String),
    /// `true`, `false`
    Bool(bool),
    /// `4 KiB`
    Quantity {
        /// The number.
        value: f64,
        /// The unit, any word.
        unit: Name,
    },
    /// `[a, b]`
    List(Vec<Expr>),
    /// `name(args)` or `base.name(args)`
    Call {
        /// What stands before the dot.
        base: Option<Box<Expr>>,
        /// The name called.
        name: Name,
        /// The arguments.
        args: Args,
    },
    /// `base[index]`; in paths the index may be [`ExprKind::All`].
    Index {
        /// The list, or the path so far.
        base: Box<Expr>,
        /// The index.
        index: Box<Expr>,
    },
    /// `base.name`; in paths the name may be `*`.
    Field {
        /// What stands before the dot.
        base: Box<Expr>,
        /// The name after it.
        name: Name,
    },
    /// `-x`, `not x`
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its place.
        at: Span,
        /// The operand.
        operand: Box<Expr>,
    },
    /// `a + b`
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Its place.
        at: Span,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `0..3`: from the first to before the last.
    Range {
        /// The place of `..`.
        at: Span,
        /// The first.
        from: Box<Expr>,
        /// The end.
        to: Box<Expr>,
    },
    /// `if c { a } else { b }`; without an `else` it has been reported.
    If(Box<If<Expr>>),
    /// `source -> step -> step`
    Pipe {
        /// What flows in.
        source: Box<Expr>,
        /// The steps, at least one.
        steps: Vec<Step>,
    },
    /// `(inner)`
    Paren(Box<Expr>),
    /// `*`, as in the paths `stage[*]` and `*.conv1`.
    All,
    /// Nothing stands where a value belongs (reported); the span is empty.
    Missing,
    /// What could not be read (reported).
    Error,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `not`
    Not,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `and`
    And,
    /// `or`
    Or,
}

/// `if c { … } else if d { … } else { … }`, over flows ([`Expr`]) or over steps (`Vec<Step>`).
#[derive(Clone, Debug, PartialEq)]
pub struct If<T> {
    /// The conditions with their blocks, at least one.
    pub arms: Vec<Arm<T>>,
    /// The place of the last `else` and its block.
    pub otherwise: Option<(Span, Block<T>)>,
}

/// A condition with its block.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm<T> {
    /// The place of the `else` before it, but for the first.
    pub else_keyword: Option<Span>,
    /// The place of `if`.
    pub keyword: Span,
    /// The condition.
    pub condition: Expr,
    /// What holds then.
    pub block: Block<T>,
}

/// Something in braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<T> {
    /// The braces.
    pub braces: Brackets,
    /// What stands between them.
    pub inner: T,
}

/// `-> step as name`
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The place of `->`; none for the first step of a block.
    pub arrow: Option<Span>,
    /// What it does.
    pub kind: StepKind,
    /// `as name`
    pub name: Option<Clause>,
    /// Without the arrow, with the name.
    pub span: Span,
}

/// The kinds of steps.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `relu`, `conv(32, 3)`
    Apply {
        /// The operator or layer.
        name: Name,
        /// Its arguments.
        args: Option<Args>,
    },
    /// `repeat … { steps }`
    Repeat(Repeat),
    /// `if c { steps } else { steps }`
    If(If<Vec<Step>>),
    /// Nothing stands behind the arrow (reported).
    Missing,
    /// What could not be read (reported).
    Error,
}

/// `repeat n { steps }`, `repeat c in list { steps }`
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// The place of `repeat`.
    pub keyword: Span,
    /// The variable and the place of `in`.
    pub variable: Option<(Name, Span)>,
    /// How often; or the list or range when there is a variable.
    pub over: Expr,
    /// The steps.
    pub block: Block<Vec<Step>>,
}
