//! SQLite databases: values of every table, by the SQLite documentation, "Database File Format".

mod page;

use crate::bounds::Reason;
use crate::walk::Walk;
use page::{Database, Value};

/// Opens a database: a text for each table, a line for each row of it, a `column: value` for each
/// text in the row. Values that are bytes are files.
pub(crate) fn read(walk: &mut Walk<'_>, bytes: &[u8]) {
    let Some(mut database) = Database::open(bytes) else {
        return walk.gap(b"", Reason::Damaged);
    };
    let mut tables = Vec::new();
    let mut whole = database.rows(1, &mut |record| {
        if let [Value::Text(kind), Value::Text(name), _, Value::Number(root), sql] = record
            && kind == b"table"
        {
            let sql = if let Value::Text(sql) = sql { sql.as_slice() } else { b"" };
            tables.push((name.clone(), *root, columns(sql)));
        }
        true
    });
    for (name, root, columns) in tables {
        if walk.is_over() {
            return;
        }
        let root = u32::try_from(root).unwrap_or(0);
        // Tables that some code stands for have no pages.
        if root > 0 {
            whole &= table(walk, &mut database, &name, root, &columns);
        }
    }
    if !whole {
        walk.gap(b"", Reason::Damaged);
    }
}

/// Hands over one table. Whether all of it could be read.
fn table(
    walk: &mut Walk<'_>,
    database: &mut Database<'_>,
    name: &[u8],
    root: u32,
    columns: &[Vec<u8>],
) -> bool {
    let (mut text, mut number) = (Vec::new(), 0u64);
    let whole = database.rows(root, &mut |record| {
        number += 1;
        let start = text.len();
        for (column, value) in record.iter().enumerate() {
            let named = columns.get(column).map_or(&b""[..], Vec::as_slice);
            match value {
                Value::Text(value) if !value.is_empty() => {
                    if text.len() > start {
                        text.push(b'\t');
                    }
                    if !named.is_empty() {
                        text.extend_from_slice(named);
                        text.extend_from_slice(b": ");
                    }
                    text.extend_from_slice(value);
                }
                Value::Blob(bytes) if !bytes.is_empty() => {
                    let file = [name, b" ", number.to_string().as_bytes(), b" ", named].concat();
                    walk.file(&file, bytes);
                }
                _ => {}
            }
        }
        if text.len() > start {
            text.push(b'\n');
        }
        !walk.is_over() && text.len() <= walk.allowed()
    });
    walk.text(name, &text);
    whole
}

/// The names of the columns in `CREATE TABLE name (column type, ...)`.
fn columns(sql: &[u8]) -> Vec<Vec<u8>> {
    let Some(open) = sql.iter().position(|&byte| byte == b'(') else { return Vec::new() };
    let (mut columns, mut depth, mut quote) = (Vec::new(), 0, 0);
    let mut start = open + 1;
    for (at, &byte) in sql.iter().enumerate().skip(open + 1) {
        match byte {
            _ if quote != 0 => quote = if byte == quote { 0 } else { quote },
            b'"' | b'\'' | b'`' => quote = byte,
            b'(' => depth += 1,
            b',' | b')' if depth == 0 => {
                columns.push(column(&sql[start..at]));
                start = at + 1;
                if byte == b')' {
                    break;
                }
            }
            b')' => depth -= 1,
            _ => {}
        }
    }
    columns
}

/// The first word of a definition.
fn column(definition: &[u8]) -> Vec<u8> {
    let word = definition.trim_ascii();
    let end = match word.first() {
        Some(&quote @ (b'"' | b'\'' | b'`' | b'[')) => {
            let closing = if quote == b'[' { b']' } else { quote };
            word.iter().skip(1).position(|&byte| byte == closing).map(|at| at + 2)
        }
        _ => word.iter().position(u8::is_ascii_whitespace),
    };
    let word = &word[..end.unwrap_or(word.len())];
    word.iter().copied().filter(|byte| !matches!(byte, b'"' | b'\'' | b'`' | b'[' | b']')).collect()
}
