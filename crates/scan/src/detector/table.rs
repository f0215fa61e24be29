//! Values that stand in a column whose head is a telling name: separated values, tables of
//! Markdown, and the rows of an SQL `INSERT`.

use std::ops::Range;

/// A line longer than this is no head of a table, in bytes.
const LONGEST_HEAD: usize = 512;

/// The longest name of a column, in bytes.
const LONGEST_NAME: usize = 40;

/// How many rows are read: who sees these knows what the table holds.
const MOST_ROWS: usize = 64;

/// The values of the column that `name` is the head of, as far as they stand within `reach` bytes
/// of it, and none where it is no head. Nothing farther than that is looked at on either side.
pub(super) fn column(bytes: &[u8], name: &Range<usize>, reach: usize) -> Vec<Range<usize>> {
    let end = name.end.saturating_add(reach);
    let is_all = bytes.len() <= end;
    let bytes = &bytes[..bytes.len().min(end)];
    let floor = name.start.saturating_sub(reach.min(LONGEST_HEAD));
    inserted(bytes, name, floor)
        .or_else(|| separated(bytes, name, floor, is_all))
        .unwrap_or_default()
}

/// Whether a name that begins at `at` may be the head of a column, by what stands before it and in its
/// line: what [`column()`] asks first, and where most names end.
pub(super) fn may_head(bytes: &[u8], at: usize, reach: usize) -> bool {
    let bytes = &bytes[..bytes.len().min(at.saturating_add(reach))];
    let floor = at.saturating_sub(LONGEST_HEAD);
    opening(bytes, at, floor).is_some() || heads(bytes, at, floor).is_some()
}

/// The line of names that the place `at` lies in, with the mark between them.
fn heads(bytes: &[u8], at: usize, floor: usize) -> Option<(Range<usize>, Vec<Range<usize>>, u8)> {
    let newline = bytes[floor..at].iter().rposition(|byte| *byte == b'\n');
    let start = match newline {
        Some(at) => floor + at + 1,
        None if floor == 0 => 0,
        None => return None,
    };
    let head = line_at(bytes, start);
    if head.len() > LONGEST_HEAD || head.end == bytes.len() {
        return None;
    }
    let mark = *[b'|', b'\t', b';', b','].iter().find(|mark| bytes[head.clone()].contains(mark))?;
    let is_indented = bytes.get(head.start).is_some_and(u8::is_ascii_whitespace);
    if mark != b'|' && is_indented {
        return None;
    }
    let heads = cells(bytes, head.clone(), mark);
    (heads.len() >= 2 && heads.iter().all(|cell| is_head(bytes, cell)))
        .then_some((head, heads, mark))
}

/// The column of a table that has a row a line.
fn separated(
    bytes: &[u8],
    name: &Range<usize>,
    floor: usize,
    is_all: bool,
) -> Option<Vec<Range<usize>>> {
    let (head, heads, mark) = heads(bytes, name.start, floor)?;
    let number = heads.iter().position(|cell| cell.start <= name.start && name.end <= cell.end)?;
    let mut found = Vec::new();
    let mut at = next_line(bytes, head.end);
    for _ in 0..MOST_ROWS {
        let row = line_at(bytes, at);
        // A row that is cut off says nothing of where its value ends.
        if row.is_empty() || row.end == bytes.len() && !is_all && !is_closed(bytes, &row, mark) {
            break;
        }
        let row_cells = cells(bytes, row.clone(), mark);
        if row_cells.len() != heads.len() {
            break;
        }
        let is_rule =
            |cell: &Range<usize>| bytes[cell.clone()].iter().all(|byte| b"-: ".contains(byte));
        if mark != b'|' || !row_cells.iter().all(is_rule) {
            found.push(row_cells[number].clone());
        }
        at = next_line(bytes, row.end);
        if at >= bytes.len() {
            break;
        }
    }
    Some(found)
}

/// Whether a row says where it ends, as those of most tables in Markdown do.
fn is_closed(bytes: &[u8], row: &Range<usize>, mark: u8) -> bool {
    mark == b'|' && bytes[row.clone()].trim_ascii_end().ends_with(b"|")
}

/// What a list of names may hold.
fn is_listed(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"_,`\"[]'.".contains(byte)
}

/// Where the parenthesis stands that opens the list which a name at `at` may stand in.
fn opening(bytes: &[u8], at: usize, floor: usize) -> Option<usize> {
    let before = bytes[floor..at].iter().rev().take_while(|byte| is_listed(byte)).count();
    (at - before).checked_sub(1).filter(|at| *at >= floor && bytes[*at] == b'(')
}

/// The column of the list of names before `VALUES`, in every row behind it.
fn inserted(bytes: &[u8], name: &Range<usize>, floor: usize) -> Option<Vec<Range<usize>>> {
    let open = opening(bytes, name.start, floor)?;
    let after =
        bytes[name.end..].iter().take(LONGEST_HEAD).take_while(|byte| is_listed(byte)).count();
    let close = name.end + after;
    if bytes.get(close) != Some(&b')') {
        return None;
    }
    let number = bytes[open..name.start].iter().filter(|byte| **byte == b',').count();
    let word = skip(bytes, close + 1, |byte| byte.is_ascii_whitespace());
    let values = bytes.get(word..word + 6)?;
    if !values.eq_ignore_ascii_case(b"values") {
        return None;
    }
    let mut found = Vec::new();
    let mut at = word + 6;
    for _ in 0..MOST_ROWS {
        at = skip(bytes, at, |byte| byte.is_ascii_whitespace() || byte == b',');
        let Some((row, end)) = row_of_values(bytes, at) else { break };
        found.extend(row.get(number).cloned().flatten());
        at = end;
    }
    Some(found)
}

/// The values of one row in parentheses, those without quotes left out, and where the row ends.
fn row_of_values(bytes: &[u8], open: usize) -> Option<(Vec<Option<Range<usize>>>, usize)> {
    if bytes.get(open) != Some(&b'(') {
        return None;
    }
    let mut values = vec![None];
    let (mut at, mut depth) = (open + 1, 0usize);
    loop {
        match bytes.get(at)? {
            quote @ (b'\'' | b'"') => {
                let end = closing(bytes, at + 1, *quote)?;
                let is_all = depth == 0
                    && bytes[open + 1..at]
                        .iter()
                        .rev()
                        .find(|byte| !byte.is_ascii_whitespace())
                        .is_none_or(|byte| *byte == b',' || byte.eq_ignore_ascii_case(&b'n'));
                if let Some(value) = values.last_mut().filter(|_| is_all) {
                    *value = Some(at + 1..end);
                }
                at = end;
            }
            b'(' => depth += 1,
            b')' if depth == 0 => return Some((values, at + 1)),
            b')' => depth -= 1,
            b',' if depth == 0 => values.push(None),
            b';' => return None,
            _ => {}
        }
        at += 1;
    }
}

/// Where the text ends that this quote closes: doubled or behind a backslash it is part of it.
fn closing(bytes: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 1,
            byte if *byte == quote && bytes.get(at + 1) == Some(&quote) => at += 1,
            byte if *byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
}

/// The line that begins here, without its end.
fn line_at(bytes: &[u8], start: usize) -> Range<usize> {
    let len = bytes[start..].iter().position(|byte| *byte == b'\n');
    let end = len.map_or(bytes.len(), |len| start + len);
    let has_return = end > start && bytes[end - 1] == b'\r';
    start..if has_return && len.is_some() { end - 1 } else { end }
}

/// Where the line begins that follows one that ends here.
fn next_line(bytes: &[u8], end: usize) -> usize {
    end + bytes[end..].iter().take(2).take_while(|byte| **byte != b'\n').count() + 1
}

/// The cells of a line, without quotes, blanks and the marks of Markdown round them.
fn cells(bytes: &[u8], line: Range<usize>, mark: u8) -> Vec<Range<usize>> {
    let mut line = trimmed(bytes, line, |byte| byte == b' ');
    if mark == b'|' {
        line.start += usize::from(bytes[line.clone()].starts_with(b"|"));
        line.end -= usize::from(bytes[line.clone()].ends_with(b"|"));
    }
    let mut found = Vec::new();
    let mut start = line.start;
    loop {
        let text = skip(&bytes[..line.end], start, |byte| byte == b' ');
        let is_quoted = mark != b'|' && bytes[..line.end].get(text) == Some(&b'"');
        let quoted = if is_quoted { closing(&bytes[..line.end], text + 1, b'"') } else { None };
        let from = quoted.unwrap_or(start);
        let end = bytes[from..line.end].iter().position(|byte| *byte == mark);
        let end = end.map_or(line.end, |len| from + len);
        found.push(match quoted {
            Some(close) => text + 1..close,
            None => trimmed(bytes, start..end, |byte| b" `*\"'".contains(&byte)),
        });
        if end == line.end {
            return found;
        }
        start = end + 1;
    }
}

/// Whether a cell is the name of a column.
fn is_head(bytes: &[u8], cell: &Range<usize>) -> bool {
    let is_of_name =
        |byte: &u8| byte.is_ascii_alphanumeric() || b" _-./#".contains(byte) || !byte.is_ascii();
    !cell.is_empty() && cell.len() <= LONGEST_NAME && bytes[cell.clone()].iter().all(is_of_name)
}

fn trimmed(bytes: &[u8], range: Range<usize>, is_outside: impl Fn(u8) -> bool) -> Range<usize> {
    let text = &bytes[range.clone()];
    let before = text.iter().take_while(|byte| is_outside(**byte)).count();
    let after = text[before..].iter().rev().take_while(|byte| is_outside(**byte)).count();
    range.start + before..range.end - after
}

fn skip(bytes: &[u8], from: usize, is_skipped: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| is_skipped(**byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The column that the first "password" of a text heads.
    fn of(text: &str) -> Vec<&str> {
        let at = text.find("password").unwrap();
        let found = column(text.as_bytes(), &(at..at + 8), 400);
        found.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn the_values_below_a_head_are_its_column() {
        assert_eq!(of("user,password\nann,one\nbob,two\n"), ["one", "two"]);
        assert_eq!(of("\"password\";\"a\"\r\n\"o;n\"\"e\";x\r\n"), ["o;n\"\"e"]);
        assert_eq!(of("user\tpassword\tx\nann\tone\t\n"), ["one"]);
        assert_eq!(of("| a | password |\n|---|:--:|\n| x | `one` |\n| y | two |"), ["one", "two"]);
        assert_eq!(of("a | **password**\n--- | ---\nx | one\n"), ["one"]);
    }

    #[test]
    fn a_row_of_another_kind_ends_the_table() {
        assert_eq!(of("user,password\nann,one\n\nbob,two\n"), ["one"]);
        assert_eq!(of("user,password\nann,one\nthe end\nbob,two\n"), ["one"]);
        assert_eq!(of("user,password\nann,one\nbob,two"), ["one", "two"]);
    }

    #[test]
    fn what_is_no_head_has_no_column() {
        for text in [
            "connect(user, password)\na, b\n",
            "    user, password\n    a, b\n",
            "let {user, password} = x;\na, b\n",
            "the password\nis one\n",
            "password",
        ] {
            assert_eq!(of(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn values_are_told_by_the_order_of_their_names() {
        let text = "INSERT INTO `u` (`id`, `password`, x) VALUES\n (1, 'o''n\\'e', 2), (2,MD5('b'),3),\n(3, N'two', 4);";
        assert_eq!(of(text), ["o''n\\'e", "two"]);
        assert_eq!(of("insert into u (password) values ('one')"), ["one"]);
        assert_eq!(of("f(password)\nvalues ('one')"), ["one"]);
        assert_eq!(of("insert into u (a, password) select 'one'"), [""; 0]);
    }

    #[test]
    fn nothing_is_looked_at_beyond_the_reach() {
        let text = format!("user,password\n{}", "ann,one\n".repeat(100));
        assert_eq!(of(&text).len(), 49);
        let far = format!("{},password\nx,one\n", "c,".repeat(300));
        assert_eq!(of(&far), [""; 0]);
    }
}
