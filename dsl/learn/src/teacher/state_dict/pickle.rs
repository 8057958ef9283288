//! Pickles of state dicts: a machine that takes the steps which build numbers, texts, tuples, lists,
//! dictionaries and tensors, and no others. What a pickle may name is a fixed list; nothing it names is run.

use std::collections::HashMap;

/// The most tuples, lists, dictionaries and tensors of one pickle.
const MOST: usize = 1 << 20;

/// A value; those with parts are indices into [`Pickle`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Nothing, or something that is passed over.
    None,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A float.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// What the pickle names.
    Known(Known<'a>),
    /// A tuple or list.
    List(usize),
    /// A dictionary.
    Dict(usize),
    /// A memory.
    Storage(usize),
    /// A tensor.
    Tensor(usize),
}

/// What a pickle may name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known<'a> {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`.
    RebuildParameter,
    /// `torch.Size`.
    Size,
    /// The class of a memory: `FloatStorage`.
    Storage(&'a str),
    /// A kind of numbers, or of devices.
    Plain,
}

/// A memory that holds the numbers of tensors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Storage<'a> {
    /// The class: `FloatStorage`.
    pub(super) class: &'a str,
    /// The name of its part of the archive.
    pub(super) key: &'a str,
}

/// A view of a memory.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View<'a> {
    /// The memory.
    pub(super) storage: Storage<'a>,
    /// The place of the first number.
    pub(super) first: usize,
    /// The sizes.
    pub(super) shape: Vec<usize>,
    /// The steps along the axes.
    pub(super) strides: Vec<usize>,
}

/// What a pickle holds.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    /// The whole.
    pub(super) root: Value<'a>,
    /// The dictionaries, their entries in order.
    pub(super) dicts: Vec<Vec<(Value<'a>, Value<'a>)>>,
    /// The tensors.
    pub(super) tensors: Vec<View<'a>>,
}

/// Reads a pickle.
///
/// # Errors
/// When it is damaged, or has a step or a name that no state dict needs; that is named.
pub(super) fn read(bytes: &[u8]) -> Result<Pickle<'_>, String> {
    let mut machine = Machine { rest: bytes, ..Machine::default() };
    loop {
        let op = machine.byte()?;
        if op == b'.' {
            break;
        }
        machine.step(op)?;
    }
    let root = machine.pop()?;
    Ok(Pickle { root, dicts: machine.dicts, tensors: machine.tensors })
}

#[derive(Default)]
struct Machine<'a> {
    rest: &'a [u8],
    stack: Vec<Value<'a>>,
    /// Where in the stack the marks lie.
    marks: Vec<usize>,
    memo: HashMap<u32, Value<'a>>,
    lists: Vec<Vec<Value<'a>>>,
    dicts: Vec<Vec<(Value<'a>, Value<'a>)>>,
    storages: Vec<Storage<'a>>,
    tensors: Vec<View<'a>>,
}

impl<'a> Machine<'a> {
    /// Takes one step.
    fn step(&mut self, op: u8) -> Result<(), String> {
        match op {
            // PROTO, FRAME: what follows is known without them.
            0x80 => drop(self.bytes(1)?),
            0x95 => drop(self.bytes(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'N' => self.stack.push(Value::None),
            0x88 => self.stack.push(Value::Bool(true)),
            0x89 => self.stack.push(Value::Bool(false)),
            b'J' => {
                let number = i32::from_le_bytes(self.array()?);
                self.stack.push(Value::Int(number.into()));
            }
            b'K' => {
                let number = self.byte()?;
                self.stack.push(Value::Int(number.into()));
            }
            b'M' => {
                let number = u16::from_le_bytes(self.array()?);
                self.stack.push(Value::Int(number.into()));
            }
            0x8a => self.long()?,
            b'G' => {
                let number = f64::from_be_bytes(self.array()?);
                self.stack.push(Value::Float(number));
            }
            b'X' => {
                let len = u32::from_le_bytes(self.array()?);
                self.text(len as usize)?;
            }
            0x8c => {
                let len = self.byte()?;
                self.text(len.into())?;
            }
            b')' => self.list(Vec::new())?,
            b']' => self.list(Vec::new())?,
            b't' | b'l' => {
                let items = self.marked()?;
                self.list(items)?;
            }
            0x85..=0x87 => {
                let count = usize::from(op - 0x84);
                let items = self.take(count)?;
                self.list(items)?;
            }
            b'}' => self.dict()?,
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' => {
                let items = self.marked()?;
                self.append(items)?;
            }
            b's' => {
                let items = self.take(2)?;
                self.set(&items)?;
            }
            b'u' => {
                let items = self.marked()?;
                self.set(&items)?;
            }
            b'q' => {
                let place = self.byte()?;
                self.remember(place.into())?;
            }
            b'r' => {
                let place = u32::from_le_bytes(self.array()?);
                self.remember(place)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let place = self.byte()?;
                self.recall(place.into())?;
            }
            b'j' => {
                let place = u32::from_le_bytes(self.array()?);
                self.recall(place)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.name(module, name)?;
            }
            0x93 => match self.take(2)?[..] {
                [Value::Text(module), Value::Text(name)] => self.name(module, name)?,
                _ => return Err(damaged()),
            },
            b'Q' => self.memory()?,
            b'R' => self.call()?,
            b'b' => self.build()?,
            other => return Err(refused(other)),
        }
        Ok(())
    }

    /// The next bytes.
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or("its pickle ends too early")?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.bytes(N)?.try_into().map_err(|_| damaged())
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.array::<1>()?[0])
    }

    fn line(&mut self) -> Result<&'a str, String> {
        let end = self.rest.iter().position(|&byte| byte == b'\n').ok_or_else(damaged)?;
        let line = self.bytes(end + 1)?;
        std::str::from_utf8(&line[..end]).map_err(|_| damaged())
    }

    fn text(&mut self, len: usize) -> Result<(), String> {
        let text = std::str::from_utf8(self.bytes(len)?).map_err(|_| damaged())?;
        self.stack.push(Value::Text(text));
        Ok(())
    }

    /// A whole number of up to 8 bytes.
    fn long(&mut self) -> Result<(), String> {
        let len = self.byte()?;
        let bytes = self.bytes(len.into())?;
        if bytes.len() > 8 {
            return Err("its pickle has a whole number of more than 64 bits".to_string());
        }
        let fill = if bytes.last().is_some_and(|&byte| byte >= 0x80) { 0xff } else { 0 };
        let mut all = [fill; 8];
        all[..bytes.len()].copy_from_slice(bytes);
        self.stack.push(Value::Int(i64::from_le_bytes(all)));
        Ok(())
    }

    fn pop(&mut self) -> Result<Value<'a>, String> {
        Ok(self.take(1)?[0])
    }

    /// The uppermost values, which must lie above the last mark.
    fn take(&mut self, count: usize) -> Result<Vec<Value<'a>>, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(count).filter(|from| *from >= floor) {
            Some(from) => Ok(self.stack.split_off(from)),
            None => Err(damaged()),
        }
    }

    /// The values above the last mark, which goes.
    fn marked(&mut self) -> Result<Vec<Value<'a>>, String> {
        let from = self.marks.pop().ok_or_else(damaged)?;
        match from <= self.stack.len() {
            true => Ok(self.stack.split_off(from)),
            false => Err(damaged()),
        }
    }

    /// Counts one more thing with parts.
    fn count(&self) -> Result<(), String> {
        match self.lists.len() + self.dicts.len() + self.storages.len() + self.tensors.len() < MOST
        {
            true => Ok(()),
            false => Err(format!("its pickle has more than {MOST} parts")),
        }
    }

    fn list(&mut self, items: Vec<Value<'a>>) -> Result<(), String> {
        self.count()?;
        self.stack.push(Value::List(self.lists.len()));
        self.lists.push(items);
        Ok(())
    }

    fn dict(&mut self) -> Result<(), String> {
        self.count()?;
        self.stack.push(Value::Dict(self.dicts.len()));
        self.dicts.push(Vec::new());
        Ok(())
    }

    fn append(&mut self, items: Vec<Value<'a>>) -> Result<(), String> {
        match self.stack.last() {
            Some(Value::List(at)) => self.lists[*at].extend(items),
            _ => return Err(damaged()),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Value<'a>]) -> Result<(), String> {
        let (pairs, rest) = items.as_chunks::<2>();
        match self.stack.last() {
            Some(Value::Dict(at)) if rest.is_empty() => {
                self.dicts[*at].extend(pairs.iter().map(|&[key, value]| (key, value)));
            }
            _ => return Err(damaged()),
        }
        Ok(())
    }

    fn remember(&mut self, place: u32) -> Result<(), String> {
        let value = *self.stack.last().ok_or_else(damaged)?;
        self.memo.insert(place, value);
        Ok(())
    }

    fn recall(&mut self, place: u32) -> Result<(), String> {
        self.stack.push(*self.memo.get(&place).ok_or_else(damaged)?);
        Ok(())
    }

    /// Something of a module, if it is one of the things that state dicts name.
    fn name(&mut self, module: &'a str, name: &'a str) -> Result<(), String> {
        const NUMBERS: &[&str] = &[
            "float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32",
            "int64", "bool", "device",
        ];
        let known = match (module, name) {
            ("collections", "OrderedDict") => Known::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Known::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Known::RebuildParameter,
            ("torch", "Size") => Known::Size,
            ("torch", name) if NUMBERS.contains(&name) => Known::Plain,
            ("torch", class) if class.ends_with("Storage") => Known::Storage(class),
            _ => {
                return Err(format!(
                    "it holds `{module}.{name}`, and only tensors are read; \
                     store `model.state_dict()` alone"
                ));
            }
        };
        self.stack.push(Value::Known(known));
        Ok(())
    }

    /// A memory outside the pickle: `('storage', class, key, device, numbers)`.
    fn memory(&mut self) -> Result<(), String> {
        self.count()?;
        let Value::List(at) = self.pop()? else { return Err(damaged()) };
        let [Value::Text("storage"), Value::Known(Known::Storage(class)), Value::Text(key), ..] =
            self.lists[at][..]
        else {
            return Err("its pickle points at something that is not the memory of a tensor".into());
        };
        self.stack.push(Value::Storage(self.storages.len()));
        self.storages.push(Storage { class, key });
        Ok(())
    }

    /// What a call of one of the known things gives.
    fn call(&mut self) -> Result<(), String> {
        let [Value::Known(known), Value::List(arguments)] = self.take(2)?[..] else {
            return Err(damaged());
        };
        let arguments = &self.lists[arguments];
        match (known, &arguments[..]) {
            (Known::OrderedDict, []) => self.dict(),
            (
                Known::RebuildTensor,
                &[
                    Value::Storage(storage),
                    Value::Int(first),
                    Value::List(shape),
                    Value::List(strides),
                    ..,
                ],
            ) => {
                self.count()?;
                let whole = |list: usize| -> Result<Vec<usize>, String> {
                    let each = self.lists[list].iter().map(|value| match value {
                        Value::Int(size) => usize::try_from(*size).map_err(|_| damaged()),
                        _ => Err(damaged()),
                    });
                    each.collect()
                };
                let (shape, strides) = (whole(shape)?, whole(strides)?);
                let first = usize::try_from(first).map_err(|_| damaged())?;
                let storage = self.storages[storage];
                self.stack.push(Value::Tensor(self.tensors.len()));
                self.tensors.push(View { storage, first, shape, strides });
                Ok(())
            }
            (Known::RebuildParameter, &[tensor @ Value::Tensor(_), ..])
            | (Known::Size, &[tensor @ Value::List(_)]) => {
                self.stack.push(tensor);
                Ok(())
            }
            (Known::Plain, _) => {
                self.stack.push(Value::None);
                Ok(())
            }
            (other, _) => {
                Err(format!("its pickle calls {other:?} with arguments that are not read"))
            }
        }
    }

    /// The attributes of an ordered dictionary (`_metadata`), which are passed over.
    fn build(&mut self) -> Result<(), String> {
        self.pop()?;
        match self.stack.last() {
            Some(Value::Dict(_)) => Ok(()),
            _ => Err(refused(b'b')),
        }
    }
}

fn damaged() -> String {
    "its pickle is damaged".to_string()
}

/// The complaint about a step that is not taken.
fn refused(op: u8) -> String {
    let name = match op {
        b'b' => "BUILD",
        b'i' => "INST",
        b'o' => "OBJ",
        0x81 => "NEWOBJ",
        0x92 => "NEWOBJ_EX",
        0x82..=0x84 => "EXT",
        b'P' => "PERSID",
        0x97 => "NEXT_BUFFER",
        b'B' | b'C' | 0x8e => "BINBYTES",
        0x8f => "EMPTY_SET",
        0x8b => "LONG4",
        b'2' => "DUP",
        b'1' => "POP_MARK",
        b'd' => "DICT",
        _ => return format!("its pickle has the step {op:#04x}, which no state dict needs"),
    };
    format!("its pickle has the step {name}, which no state dict needs")
}
