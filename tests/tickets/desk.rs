//! A stand-in for GitHub, GitLab and Jira on loopback: tickets that are opened, changed, commented on,
//! closed by hand, lost; and connections that break at the worst moment.

use crate::sandbox::Sandbox;
use crate::stand_in::serve;
use serde_json::{Value, json};
use std::io::BufRead;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

pub(crate) const TOKEN: &str = "word-of-the-desk-that-nobody-may-see";

/// What happens to the next ticket that is to be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mishap {
    /// It is opened, and the connection breaks.
    CutAfter,
    /// It is opened, and the answer never comes.
    HangAfter,
    /// The connection breaks, and nothing is opened.
    CutBefore,
    /// No calls are left for so many seconds.
    Limited(u64),
    /// It is said to be elsewhere.
    Moved,
}

/// One ticket.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) labels: Vec<String>,
    pub(crate) open: bool,
    pub(crate) comments: Vec<String>,
}

#[derive(Default)]
struct State {
    tickets: Vec<Ticket>,
    opened: usize,
    writes: usize,
    mishap: Option<Mishap>,
    everything: String,
}

/// The stand-in.
pub(crate) struct Desk {
    kind: &'static str,
    address: SocketAddr,
    ca_pem: String,
    state: Arc<Mutex<State>>,
}

struct Asked {
    method: String,
    path: String,
    query: String,
    body: Value,
}

type Answer = Option<(u16, Vec<(&'static str, String)>, Value)>;

impl Desk {
    pub(crate) fn start(kind: &'static str) -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let (address, ca_pem) = serve(move |wire, _| {
            let asked = read(wire, &shared)?;
            let (status, headers, body) = answer(kind, &asked, &shared)?;
            let body = if body.is_null() { String::new() } else { body.to_string() };
            Some((status, headers, body))
        });
        Self { kind, address, ca_pem, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn tickets(&self) -> Vec<Ticket> {
        self.state().tickets.clone()
    }

    /// How many tickets were ever opened.
    pub(crate) fn opened(&self) -> usize {
        self.state().opened
    }

    /// How many calls changed anything.
    pub(crate) fn writes(&self) -> usize {
        self.state().writes
    }

    /// Everything that was ever sent here.
    pub(crate) fn everything(&self) -> String {
        self.state().everything.clone()
    }

    pub(crate) fn set_mishap(&self, mishap: Mishap) {
        self.state().mishap = Some(mishap);
    }

    /// What somebody does there by hand.
    pub(crate) fn by_hand(&self, change: impl FnOnce(&mut Vec<Ticket>)) {
        change(&mut self.state().tickets);
    }

    /// The desk's part of a configuration file.
    pub(crate) fn configure(&self, sandbox: &Sandbox, more: &str) {
        let ca = sandbox.write("ca.pem", &self.ca_pem);
        let token = sandbox.write("desk-token", format!("{TOKEN}\n"));
        let (prefix, project) = match self.kind {
            "github" => ("", "sec/leaks"),
            "gitlab" => ("/api/v4", "sec/leaks"),
            _ => ("/rest/api/2", "SEC"),
        };
        let text = format!(
            "[validate]\nca_file = \"{}\"\nallow_private = [\"{}\"]\ncalls_per_second = 100\n\
             timeout_seconds = 5\n[[tickets]]\nname = \"board\"\nkind = \"{}\"\n\
             api = \"https://{}{prefix}\"\nproject = \"{project}\"\ntoken_file = \"{}\"\n{more}\n",
            ca.display(),
            self.address,
            self.kind,
            self.address,
            token.display()
        );
        sandbox.write("config/quietus/config.toml", text);
    }
}

fn read(wire: &mut impl BufRead, state: &Mutex<State>) -> Option<Asked> {
    let mut line = String::new();
    wire.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut shown) = (0, false);
    loop {
        let mut header = String::new();
        wire.read_line(&mut header).ok()?;
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(": ")?;
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" | "private-token" => shown = value.ends_with(TOKEN),
            _ => {}
        }
    }
    assert!(shown, "every call shows the token");
    let mut body = vec![0; length];
    wire.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut state = state.lock().unwrap();
    state.everything += &format!("{target} {}\n", String::from_utf8_lossy(&body));
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Some(Asked { method, path: path.to_owned(), query: query.to_owned(), body })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn shown(kind: &str, one: &Ticket) -> Value {
    let number: Value = one.id.parse::<u64>().map_or(Value::Null, Value::from);
    let state = |open, closed| if one.open { open } else { closed };
    match kind {
        "github" => json!({ "number": number, "html_url": format!("https://h/{}", one.id),
            "state": state("open", "closed"), "body": one.body }),
        "gitlab" => json!({ "iid": number, "web_url": format!("https://h/{}", one.id),
            "state": state("opened", "closed"), "description": one.body }),
        _ => json!({ "key": one.id, "fields": { "labels": one.labels,
            "status": { "statusCategory": { "key": state("new", "done") } } } }),
    }
}

fn answer(kind: &str, asked: &Asked, state: &Mutex<State>) -> Answer {
    let mut state = state.lock().unwrap();
    let (root, search) = match kind {
        "github" => ("/repos/sec/leaks/issues", "/repos/sec/leaks/issues"),
        "gitlab" => ("/api/v4/projects/sec%2Fleaks/issues", "/api/v4/projects/sec%2Fleaks/issues"),
        "jira-server" => ("/rest/api/2/issue", "/rest/api/2/search"),
        _ => ("/rest/api/2/issue", "/rest/api/2/search/jql"),
    };
    let ok = |status, body| Some((status, Vec::new(), body));
    if asked.method == "GET" && asked.path == search {
        assert!(asked.query.contains("quietus"), "{}", asked.query);
        let ours = state.tickets.iter().filter(|one| one.labels.iter().any(|l| l == "quietus"));
        let list: Vec<Value> = ours.map(|one| shown(kind, one)).collect();
        return match kind {
            "github" | "gitlab" => ok(200, json!(list)),
            _ => ok(200, json!({ "total": list.len(), "issues": list })),
        };
    }
    if asked.method != "GET" {
        state.writes += 1;
    }
    if asked.method == "POST" && asked.path == root {
        return open(kind, asked, state);
    }
    let rest = asked.path.strip_prefix(root).unwrap_or_default().trim_start_matches('/');
    let (id, below) = rest.split_once('/').unwrap_or((rest, ""));
    let Some(one) = state.tickets.iter_mut().find(|one| one.id == id) else {
        return ok(404, json!({ "message": "not found" }));
    };
    match (asked.method.as_str(), below) {
        ("GET", "") => ok(200, shown(kind, one)),
        ("PATCH" | "PUT", "") => {
            let fields =
                if asked.body["fields"].is_null() { &asked.body } else { &asked.body["fields"] };
            one.title = text(&fields["title"]).or(text(&fields["summary"])).unwrap();
            one.body = text(&fields["body"]).or(text(&fields["description"])).unwrap();
            let state = fields["state"].as_str().or(fields["state_event"].as_str());
            one.open = state.map_or(one.open, |state| ["open", "reopen"].contains(&state));
            ok(200, shown(kind, one))
        }
        ("POST", "comments" | "notes" | "comment") => {
            one.comments.push(text(&asked.body["body"]).unwrap());
            ok(201, json!({}))
        }
        ("GET", "transitions") => {
            let way =
                |id: &str, to: &str| json!({ "id": id, "to": { "statusCategory": { "key": to } } });
            ok(200, json!({ "transitions": [way("11", "done"), way("21", "new")] }))
        }
        ("POST", "transitions") => {
            one.open = asked.body["transition"]["id"] == "21";
            ok(204, Value::Null)
        }
        _ => ok(405, Value::Null),
    }
}

fn open(kind: &str, asked: &Asked, mut state: MutexGuard<'_, State>) -> Answer {
    let mishap = state.mishap.take();
    match mishap {
        Some(Mishap::CutBefore) => return None,
        Some(Mishap::Limited(seconds)) => {
            return Some((429, vec![("retry-after", seconds.to_string())], json!({})));
        }
        Some(Mishap::Moved) => {
            let to = "https://127.0.0.1:1/elsewhere".to_owned();
            return Some((307, vec![("location", to)], Value::Null));
        }
        _ => {}
    }
    state.opened += 1;
    let number = state.opened;
    let body = &asked.body;
    let fields = if body["fields"].is_null() { body } else { &body["fields"] };
    let labels = match &fields["labels"] {
        Value::String(one) => vec![one.clone()],
        many => many.as_array().unwrap().iter().filter_map(text).collect(),
    };
    let jira = kind.starts_with("jira");
    let one = Ticket {
        id: if jira { format!("SEC-{number}") } else { number.to_string() },
        title: text(&fields["title"]).or(text(&fields["summary"])).unwrap(),
        body: text(&fields["body"]).or(text(&fields["description"])).unwrap(),
        labels,
        open: true,
        comments: Vec::new(),
    };
    let told = if jira { json!({ "id": "1", "key": one.id }) } else { shown(kind, &one) };
    state.tickets.push(one);
    drop(state);
    match mishap {
        Some(Mishap::CutAfter) => None,
        Some(Mishap::HangAfter) => {
            std::thread::sleep(Duration::from_secs(3));
            None
        }
        _ => Some((201, Vec::new(), told)),
    }
}
