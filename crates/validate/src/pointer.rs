//! JSON pointers (RFC 6901) in which `*` stands for any element of an array.

use serde_json::Value;

/// Every place of `document` that `pointer` names; none when the pointer does not start with `/`.
pub(crate) fn find<'a>(document: &'a Value, pointer: &str) -> Vec<&'a Value> {
    if pointer.is_empty() {
        return vec![document];
    }
    let Some(path) = pointer.strip_prefix('/') else {
        return Vec::new();
    };
    path.split('/').fold(vec![document], |places, token| {
        places.into_iter().flat_map(|place| step(place, token)).collect()
    })
}

fn step<'a>(place: &'a Value, token: &str) -> Vec<&'a Value> {
    match place {
        Value::Array(items) if token == "*" => items.iter().collect(),
        Value::Array(items) => {
            token.parse::<usize>().ok().and_then(|at| items.get(at)).into_iter().collect()
        }
        Value::Object(members) => {
            // The order matters: `~01` is the text `~1`.
            let name = token.replace("~1", "/").replace("~0", "~");
            members.get(&name).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The text of a value: strings as they are, everything else as JSON.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers_walk_objects_arrays_and_stars() {
        let document = json!({"a": [{"b": 1}, {"b": 2}, {"c": 3}], "x/y": {"m~n": true}});
        assert_eq!(find(&document, "/a/1/b"), [&json!(2)]);
        assert_eq!(find(&document, "/a/*/b"), [&json!(1), &json!(2)]);
        assert_eq!(find(&document, "/x~1y/m~0n"), [&json!(true)]);
        assert_eq!(find(&document, ""), [&document]);
        assert!(find(&document, "/a/9/b").is_empty());
        assert!(find(&document, "a").is_empty());
        assert!(find(&document, "/*/b").is_empty(), "`*` is for arrays only");
    }
}
