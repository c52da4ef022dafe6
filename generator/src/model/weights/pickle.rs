//! The table of contents of a file that `torch.save` wrote: the archive of today, or the stream of pickles from before
//! version 1.6. The pickle is only read, never run: the file's own code has no part in it.

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;
use std::ops::Range;

use anyhow::{Context as _, Result, bail, ensure};
use candle_core::pickle::{Object, Stack};
use rawzip::{CompressionMethod, ZipArchive};

use super::Unsupported;
use super::view::{Kind, View};

/// The first pickle of an old file: a number that says what it is.
const OLD_FORMAT: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// Keys under which training programs keep the weights.
const NESTED: [&str; 4] = ["state_dict", "model_state_dict", "model", "module"];

pub(super) fn table(bytes: &[u8]) -> Result<BTreeMap<String, View>> {
    let (tensors, storages) = if bytes.starts_with(b"PK") {
        archive(bytes)?
    } else if bytes.starts_with(OLD_FORMAT) {
        stream(bytes)?
    } else {
        bail!("it does not begin as torch.save begins a file")
    };
    let mut table = BTreeMap::new();
    for (name, tensor) in tensors {
        let view = match tensor {
            Tensor::Stored { storage, mut view } => {
                let place = storages.get(&storage).with_context(|| format!("the storage of {name} is missing"))?;
                view.start += place.start;
                view.check(place.end).with_context(|| name.clone())?;
                view
            }
            Tensor::Unsupported(kind) => View::contiguous(Kind::Other(kind), Vec::new(), 0),
        };
        table.insert(name, view);
    }
    Ok(table)
}

type Tensors = Vec<(String, Tensor)>;
/// Where the values of a storage are, by its key.
type Storages = HashMap<String, Range<usize>>;

enum Tensor {
    /// `view.start` counts from the beginning of the storage.
    Stored {
        storage: String,
        view: View,
    },
    Unsupported(String),
}

/// `NAME/data.pkl` has the names, and `NAME/data/KEY` a storage as it is.
fn archive(bytes: &[u8]) -> Result<(Tensors, Storages)> {
    let archive = ZipArchive::from_slice(bytes)?;
    let (mut pickle, mut storages) = (None, Storages::new());
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry()? {
        let path = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
        let compressed = entry.compression_method() != CompressionMethod::STORE;
        let (start, end) = archive.get_entry(entry.wayfinder())?.compressed_data_range();
        let place = start as usize..end as usize;
        if compressed {
            return Err(unsupported("its parts are compressed, which torch.save never does; save it again"));
        }
        match path.split_once('/').map_or(path.as_str(), |(_, rest)| rest) {
            "data.pkl" => pickle = Some(place),
            "byteorder" if &bytes[place.clone()] == b"big" => {
                return Err(unsupported("its values are big-endian; save it again on a common machine"));
            }
            rest => {
                if let Some(key) = rest.strip_prefix("data/") {
                    storages.insert(key.to_owned(), place);
                }
            }
        }
    }
    let pickle = pickle.context("it has no data.pkl")?;
    Ok((state_dict(read(&mut Cursor::new(&bytes[pickle]))?)?, storages))
}

/// Pickles of the version, of the machine, of the object and of the storages' keys; then for each key a count of values
/// in 8 bytes, and the values.
fn stream(bytes: &[u8]) -> Result<(Tensors, Storages)> {
    let mut cursor = Cursor::new(bytes);
    cursor.set_position(OLD_FORMAT.len() as u64);
    read(&mut cursor)?;
    read(&mut cursor)?;
    let object = read(&mut cursor)?;
    let mut sizes = HashMap::new();
    sizes_of_storages(&object, &mut sizes);
    let Object::List(keys) = read(&mut cursor)? else { bail!("the keys of its storages are no list") };
    let mut at = cursor.position() as usize;
    let mut storages = Storages::new();
    for key in keys {
        let Object::Unicode(key) = key else { bail!("the key of a storage is no text") };
        let size = sizes.get(&key).with_context(|| format!("storage {key} has values of unknown size"))?;
        let count = bytes.get(at..at + 8).and_then(|b| b.as_chunks().0.first()).map(|b| u64::from_le_bytes(*b));
        let count = count.context("it ends early")? as usize;
        let end = count.checked_mul(*size).and_then(|n| n.checked_add(at + 8)).filter(|end| *end <= bytes.len());
        let end = end.context("it ends early")?;
        storages.insert(key, at + 8..end);
        at = end;
    }
    Ok((state_dict(object)?, storages))
}

fn unsupported(why: &str) -> anyhow::Error {
    Unsupported(why.to_owned()).into()
}

fn read(cursor: &mut Cursor<&[u8]>) -> Result<Object> {
    let mut stack = Stack::empty();
    stack.read_loop(cursor)?;
    Ok(stack.finalize()?)
}

/// The named tensors of a state dict, also of one inside what a training program saved.
fn state_dict(object: Object) -> Result<Tensors> {
    let Object::Dict(items) = object else {
        return Err(unsupported("it holds no state dict but another Python object; save model.state_dict() instead"));
    };
    let nested = |(key, value): &(Object, Object)| {
        let known = matches!(key, Object::Unicode(key) if NESTED.contains(&key.as_str()));
        known && matches!(value, Object::Dict(items) if !items.is_empty())
    };
    if let Some(at) = items.iter().position(nested) {
        return state_dict(items.into_iter().nth(at).map_or(Object::None, |(_, value)| value));
    }
    let mut tensors = Vec::new();
    for (key, value) in items {
        if let Object::Unicode(name) = key
            && let Some(tensor) = tensor(value).with_context(|| name.clone())?
        {
            tensors.push((name, tensor));
        }
    }
    Ok(tensors)
}

/// `None` for what is no tensor.
fn tensor(object: Object) -> Result<Option<Tensor>> {
    let Object::Reduce { callable, args } = object else { return Ok(None) };
    let (Object::Class { module_name, class_name }, Object::Tuple(mut args)) = (*callable, *args) else {
        return Ok(None);
    };
    match (module_name.as_str(), class_name.as_str(), args.len()) {
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state", 1..) => tensor(args.swap_remove(0)),
        ("torch._tensor", "_rebuild_from_type_v2", 3..) => {
            let (args, callable) = (Box::new(args.swap_remove(2)), Box::new(args.swap_remove(0)));
            tensor(Object::Reduce { callable, args })
        }
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor", 4..) => stored(&args).map(Some),
        // The kinds that storages have no class of their own for.
        ("torch._utils", "_rebuild_tensor_v3", 7..) => {
            let Object::Class { class_name, .. } = &args[6] else { bail!("a tensor without a type") };
            Ok(Some(Tensor::Unsupported(format!("torch.{class_name}"))))
        }
        (_, name, _) if name.starts_with("_rebuild") => Ok(Some(Tensor::Unsupported(format!("{module_name}.{name}")))),
        _ => Ok(None),
    }
}

/// Of the arguments storage, offset, size and stride.
fn stored(args: &[Object]) -> Result<Tensor> {
    let [storage, offset, size, stride, ..] = args else { bail!("a tensor without storage, offset, size and stride") };
    let (class, key, viewed) = storage_parts(storage).context("a tensor without a storage")?;
    if viewed {
        return Err(unsupported("it was written by a PyTorch before 0.4; load and save it with a newer one"));
    }
    let kind = match class {
        "DoubleStorage" => Kind::F64,
        "FloatStorage" => Kind::F32,
        "HalfStorage" => Kind::F16,
        "BFloat16Storage" => Kind::Bf16,
        other => Kind::Other(format!("torch.{other}")),
    };
    let (shape, strides) = (numbers(size)?, numbers(stride)?);
    ensure!(shape.len() == strides.len(), "a tensor with another number of strides than of dimensions");
    let start = number(offset)?.checked_mul(size_of_class(class).unwrap_or(0)).context("a tensor's offset")?;
    Ok(Tensor::Stored { storage: key.to_owned(), view: View { kind, shape, strides, start } })
}

/// Class and key of a storage, and whether it is a view of another.
fn storage_parts(object: &Object) -> Option<(&str, &str, bool)> {
    let Object::PersistentLoad(id) = object else { return None };
    let Object::Tuple(parts) = &**id else { return None };
    let [_, Object::Class { class_name, .. }, Object::Unicode(key), ..] = parts.as_slice() else { return None };
    Some((class_name, key, parts.get(5).is_some_and(|view| *view != Object::None)))
}

/// Bytes of a value of every storage that an object mentions.
fn sizes_of_storages(object: &Object, sizes: &mut HashMap<String, usize>) {
    if let Some((class, key, _)) = storage_parts(object) {
        if let Some(size) = size_of_class(class) {
            sizes.insert(key.to_owned(), size);
        }
        return;
    }
    match object {
        Object::Tuple(items) | Object::List(items) => items.iter().for_each(|item| sizes_of_storages(item, sizes)),
        Object::Dict(items) => items.iter().for_each(|(_, value)| sizes_of_storages(value, sizes)),
        Object::Reduce { callable, args } | Object::Build { callable, args } => {
            sizes_of_storages(callable, sizes);
            sizes_of_storages(args, sizes);
        }
        _ => {}
    }
}

fn size_of_class(class: &str) -> Option<usize> {
    Some(match class {
        "ComplexDoubleStorage" => 16,
        "DoubleStorage" | "LongStorage" | "ComplexFloatStorage" => 8,
        "FloatStorage" | "IntStorage" => 4,
        "HalfStorage" | "BFloat16Storage" | "ShortStorage" => 2,
        "ByteStorage" | "CharStorage" | "BoolStorage" => 1,
        _ => return None,
    })
}

fn numbers(object: &Object) -> Result<Vec<usize>> {
    let Object::Tuple(items) = object else { bail!("a tensor's sizes are no tuple") };
    items.iter().map(number).collect()
}

fn number(object: &Object) -> Result<usize> {
    let value = match object {
        Object::Int(value) => i64::from(*value),
        Object::Long(value) => *value,
        _ => bail!("a tensor's size or offset is no whole number"),
    };
    usize::try_from(value).context("a tensor's size or offset is negative")
}
