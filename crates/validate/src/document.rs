//! The body of an answer as one tree, whether it is written in JSON or in XML.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};

/// More elements than this are no answer to who somebody is.
const MOST_NODES: u32 = 10_000;

/// Elements deeper than this are left out.
const DEEPEST: usize = 64;

/// Reads a body. XML becomes what a pointer can walk: elements by their names without prefix,
/// repeated ones as an array, and an element without others as its text. Attributes are left out.
pub(crate) fn read(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().or_else(|| xml(std::str::from_utf8(body).ok()?))
}

fn xml(text: &str) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('<') {
        return None;
    }
    // A document type could define entities without end.
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..Default::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    let root = document.root_element();
    let mut whole = Map::new();
    whole.insert(root.tag_name().name().to_owned(), value(root, 0));
    Some(Value::Object(whole))
}

fn value(node: Node<'_, '_>, depth: usize) -> Value {
    let mut members: Map<String, Value> = Map::new();
    for child in node.children().filter(Node::is_element).take_while(|_| depth < DEEPEST) {
        let value = value(child, depth + 1);
        match members.get_mut(child.tag_name().name()) {
            Some(Value::Array(all)) => all.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
            None => drop(members.insert(child.tag_name().name().to_owned(), value)),
        }
    }
    if members.is_empty() {
        let text = node.children().filter_map(|child| child.text());
        return Value::String(text.collect::<String>().trim().to_owned());
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn xml_reads_like_json() {
        let body = br#"<?xml version="1.0"?>
            <a:Answer xmlns:a="urn:x" code="1"><Who> robot </Who><Key>1</Key><Key>2</Key>
            <Key><Id>3</Id></Key><None/></a:Answer>"#;
        let expected = json!({"Answer": {
            "Who": "robot", "Key": ["1", "2", {"Id": "3"}], "None": "",
        }});
        assert_eq!(read(body), Some(expected));
        assert_eq!(read(br#"{"a": 1}"#), Some(json!({"a": 1})));
        for nothing in [&b""[..], b"plain", b"<a><b></a>", b"\xff\xfe<a/>"] {
            assert_eq!(read(nothing), None);
        }
    }

    #[test]
    fn hostile_xml_is_no_answer() {
        let bomb = r#"<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>"#;
        assert_eq!(read(bomb.as_bytes()), None);
        assert_eq!(read("<a/>".repeat(20_000).as_bytes()), None);
        let deep = format!("{}{}", "<a>".repeat(500), "</a>".repeat(500));
        let mut at = &read(deep.as_bytes()).unwrap_or_default();
        let mut depth = 0;
        while let Some(next) = at.get("a") {
            (at, depth) = (next, depth + 1);
        }
        assert!(depth <= DEEPEST + 1);
    }
}
