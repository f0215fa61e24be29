//! A stand-in forge on loopback: pages, rate limits, renames; what is asked, and what is shown to whom.

use crate::sandbox::Sandbox;
use crate::stand_in::serve;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

const TOKEN: &str = "word-of-the-forge-that-nobody-may-see";

/// What was asked.
#[derive(Clone, Debug)]
struct Asked {
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
}

/// Status, headers and body.
type Answer = (u16, Vec<(&'static str, String)>, Value);

type Answering = dyn Fn(&Asked, usize, &str) -> Answer + Send + Sync;

/// A forge whose answers a closure gives: what is asked, how many questions came before, and its URL.
struct Forge {
    address: SocketAddr,
    ca_pem: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Forge {
    fn start(answer: Arc<Answering>) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let kept = Arc::clone(&asked);
        let (address, ca_pem) = serve(move |wire, address| {
            let one = read(wire)?;
            let before = kept.lock().unwrap().len();
            kept.lock().unwrap().push(one.clone());
            let (status, headers, body) = answer(&one, before, &format!("https://{address}"));
            Some((status, headers, body.to_string()))
        });
        Self { address, ca_pem, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// A machine whose configuration names this forge.
    fn sandbox(&self, kind: &str, api: &str, more: &str) -> Sandbox {
        let sandbox = Sandbox::new();
        let ca = sandbox.write("ca.pem", &self.ca_pem);
        let token = sandbox.write("forge-token", format!("{TOKEN}\n"));
        let text = format!(
            "[validate]\nca_file = \"{}\"\nallow_private = [\"{}\"]\ncalls_per_second = 100\n\
             [[forge]]\nname = \"ours\"\nkind = \"{kind}\"\napi = \"https://{}{api}\"\n\
             token_file = \"{}\"\n{more}\n",
            ca.display(),
            self.address,
            self.address,
            token.display()
        );
        sandbox.write("config/quietus/config.toml", text);
        sandbox
    }
}

fn read(wire: &mut impl BufRead) -> Option<Asked> {
    let mut lines = wire.lines().map_while(Result::ok);
    let target = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_lowercase(), value.to_owned()))
        })
        .collect();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some(Asked { path: path.to_owned(), query, headers })
}

/// The forge's own clock, in seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the stand-in has a clock of its own")]
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs()
}

fn number(asked: &Asked, name: &str) -> usize {
    asked.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn github(id: usize, path: &str) -> Value {
    json!({
        "id": id, "full_name": path, "fork": path.ends_with("fork"), "archived": false,
        "clone_url": format!("https://git.example.org/{path}.git"), "topics": [],
    })
}

/// Three repositories a page, as GitHub pages.
fn page_of(all: &[Value], asked: &Asked, url: &str) -> Answer {
    let page = number(asked, "page");
    let here: Vec<&Value> = all.iter().skip((page - 1) * 3).take(3).collect();
    let mut headers = Vec::new();
    if page * 3 < all.len() {
        let next = format!("<{url}{}?per_page=100&page={}>; rel=\"next\"", asked.path, page + 1);
        headers.push(("link", next));
    }
    (200, headers, json!(here))
}

fn import(sandbox: &Sandbox, code: i32) -> Value {
    let ran = sandbox.run(&["repos", "import", "--forge", "ours", "--format", "json"]);
    ran.exits(code);
    assert!(!ran.err().contains(TOKEN) && !ran.out().contains(TOKEN));
    if code == 0 { ran.json() } else { Value::String(ran.err()) }
}

#[test]
fn an_organisation_is_listed_page_by_page_and_its_limits_are_waited_for() {
    let forge = Forge::start(Arc::new(|asked: &Asked, before, url: &str| {
        if asked.headers.get("authorization").map(String::as_str)
            != Some(&format!("Bearer {TOKEN}"))
        {
            return (401, Vec::new(), json!({ "message": "Bad credentials" }));
        }
        // After the first page no calls are left for a second.
        if before == 1 {
            let soon = now() + 1;
            let headers = vec![
                ("x-ratelimit-remaining", "0".to_owned()),
                ("x-ratelimit-reset", soon.to_string()),
            ];
            return (403, headers, json!({ "message": "API rate limit exceeded" }));
        }
        let all: Vec<Value> = (0..8)
            .map(|id| github(id, &format!("team/r{id}")))
            .chain([github(90, "team/a-fork"), github(91, "team/archive-x")])
            .collect();
        match asked.path.as_str() {
            "/api/v3/orgs/team/repos" => page_of(&all, asked, url),
            "/api/v3/users/ann/repos" => page_of(&[github(50, "ann/dotfiles")], asked, url),
            _ => (404, Vec::new(), json!({ "message": "Not Found" })),
        }
    }));
    let sandbox = forge.sandbox(
        "github",
        "/api/v3",
        "owners = [\"team\", \"ann\"]\nexclude = [\"*/archive-*\"]",
    );
    let told = import(&sandbox, 0);
    let added: Vec<&str> =
        told["added"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(added.len(), 9, "{added:?}");
    assert!(added.contains(&"git.example.org/ann/dotfiles"));
    assert!(!added.iter().any(|id| id.contains("fork") || id.contains("archive")));
    // Four pages, one of them twice; the organisation that is none; the person.
    assert_eq!(forge.asked().len(), 7, "{:#?}", forge.asked());
    assert_eq!(import(&sandbox, 0)["known"].as_array().unwrap().len(), 9);
    let list = sandbox.run(&["repos", "list", "--format", "json"]).exits(0).json();
    assert_eq!(list[1]["forge"]["id"].as_str(), Some("0"));
    let ledger = std::fs::read(sandbox.ledger()).unwrap();
    assert!(!String::from_utf8_lossy(&ledger).contains(TOKEN));
}

#[test]
fn a_forge_tells_of_renames_and_of_others_in_the_same_place() {
    let told: Arc<Mutex<Vec<Value>>> = Arc::new(Mutex::new(vec![github(7, "team/app")]));
    let kept = Arc::clone(&told);
    let forge = Forge::start(Arc::new(move |asked: &Asked, _, url: &str| {
        page_of(&kept.lock().unwrap(), asked, url)
    }));
    let sandbox = forge.sandbox("github", "", "owners = [\"team\"]");
    import(&sandbox, 0);
    *told.lock().unwrap() = vec![github(8, "team/app"), github(7, "other/shop")];
    let second = import(&sandbox, 0);
    assert_eq!(second["moved"], json!(["git.example.org/team/app"]));
    assert_eq!(second["added"], json!(["git.example.org/team/app#8"]));
    *told.lock().unwrap() = vec![github(9, "other/shop")];
    assert_eq!(import(&sandbox, 0)["displaced"], json!(["git.example.org/team/app"]));
    let gaps = sandbox.run(&["repos", "gaps"]).exits(5).out();
    assert!(gaps.contains("another repository") && gaps.contains("repos rename"), "{gaps}");
    sandbox.run(&["ledger", "verify"]).exits(0);
}

/// Half a list is none: nothing is added, and nothing that is there is forgotten.
#[test]
fn a_list_that_breaks_off_or_leads_elsewhere_is_no_list() {
    let refusals: [(&str, Arc<Answering>); 5] = [
        ("401", Arc::new(|_: &Asked, _, _: &str| (401, Vec::new(), json!({})))),
        (
            "is its kind right",
            Arc::new(|_: &Asked, _, _: &str| (200, Vec::new(), json!({ "a": 1 }))),
        ),
        (
            "HTTP 302",
            Arc::new(|_: &Asked, _, _: &str| {
                (302, vec![("location", "https://elsewhere.example/".to_owned())], json!([]))
            }),
        ),
        (
            "another place",
            Arc::new(|_: &Asked, _, _: &str| {
                let link = "<https://elsewhere.example/repos?page=2>; rel=\"next\"".to_owned();
                (200, vec![("link", link)], json!([github(1, "team/a")]))
            }),
        ),
        (
            "HTTP 500",
            Arc::new(|asked: &Asked, _, url: &str| {
                let all: Vec<Value> = (0..4).map(|id| github(id, &format!("team/r{id}"))).collect();
                if number(asked, "page") == 2 {
                    (500, Vec::new(), json!({}))
                } else {
                    page_of(&all, asked, url)
                }
            }),
        ),
    ];
    for (says, answer) in refusals {
        let forge = Forge::start(answer);
        let sandbox = forge.sandbox("github", "", "owners = [\"team\"]");
        let error = import(&sandbox, 3);
        assert!(error.as_str().unwrap().contains(says), "{says}: {error}");
        let list = sandbox.run(&["repos", "list", "--format", "json"]).exits(0).json();
        assert_eq!(list, json!([]), "{says}");
    }
}

#[test]
fn every_kind_of_forge_is_asked_in_its_own_words() {
    let answer = |asked: &Asked, _: usize, url: &str| -> Answer {
        let header = |name: &str| asked.headers.get(name).cloned().unwrap_or_default();
        let clone = json!([{ "name": "https", "href": "https://bob@git.example.org/team/b.git" },
                           { "name": "http", "href": "https://git.example.org/team/s.git" }]);
        let basic = data_encoding::BASE64.encode(format!(":{TOKEN}").as_bytes());
        let ok = |body: Value| (200, Vec::new(), body);
        match asked.path.as_str() {
            "/api/v4/groups/team%2Fsub/projects" if header("private-token") == TOKEN => {
                let next =
                    format!("<{url}/api/v4/groups/team%2Fsub/projects?id_after=7>; rel=\"next\"");
                let one = |id: usize| {
                    json!({ "id": id, "path_with_namespace": format!("team/sub/l{id}"),
                    "http_url_to_repo": format!("https://git.example.org/team/sub/l{id}.git") })
                };
                match asked.query.get("id_after") {
                    None => (200, vec![("link", next)], json!([one(7)])),
                    Some(_) => ok(json!([one(8)])),
                }
            }
            "/api/v1/orgs/team/repos" if header("authorization") == format!("token {TOKEN}") => {
                page_of(
                    &(0..5).map(|id| github(id, &format!("team/g{id}"))).collect::<Vec<_>>(),
                    asked,
                    url,
                )
            }
            "/2.0/repositories/team" if header("authorization") == format!("Bearer {TOKEN}") => {
                let one =
                    json!({ "uuid": "{u}", "full_name": "team/b", "links": { "clone": clone } });
                ok(match asked.query.get("page") {
                    None => {
                        json!({ "values": [one], "next": format!("{url}/2.0/repositories/team?page=2") })
                    }
                    Some(_) => json!({ "values": [] }),
                })
            }
            "/rest/api/1.0/projects/team/repos" => ok(match number(asked, "start") {
                0 => json!({ "values": [{ "id": 3, "slug": "s", "project": { "key": "team" },
                    "links": { "clone": clone } }], "isLastPage": false, "nextPageStart": 1 }),
                _ => json!({ "values": [], "isLastPage": true }),
            }),
            "/org/team/_apis/git/repositories"
                if header("authorization") == format!("Basic {basic}") =>
            {
                ok(json!({ "value": [{ "id": "a-b", "name": "z", "project": { "name": "team" },
                    "remoteUrl": "https://org@git.example.org/org/team/_git/z" }] }))
            }
            _ => (404, Vec::new(), json!({})),
        }
    };
    for (kind, api, owner, expected) in [
        ("gitlab", "/api/v4", "team/sub", 2),
        ("gitea", "/api/v1", "team", 5),
        ("forgejo", "/api/v1", "team", 5),
        ("bitbucket", "/2.0", "team", 1),
        ("bitbucket-server", "/rest/api/1.0", "team", 1),
        ("azure", "/org", "team", 1),
    ] {
        let forge = Forge::start(Arc::new(answer));
        let sandbox = forge.sandbox(kind, api, &format!("owners = [\"{owner}\"]"));
        let added = import(&sandbox, 0)["added"].as_array().unwrap().len();
        assert_eq!(added, expected, "{kind}: {:#?}", forge.asked());
    }
}
