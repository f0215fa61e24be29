//! Registries of packages and images: verdaccio, the Docker registry, devpi.

use crate::server::{Http, Server, free_port, program, slow_ones_are_wanted, tool};
use crate::story::{Again, Leak, Story, life};
use crate::world::World;
use data_encoding::BASE64;
use std::process::{Command, Stdio};

const VERDACCIO: &str = "\
storage: ./storage
auth: {htpasswd: {file: ./htpasswd, max_users: 100}}
uplinks: {}
packages: {'**': {access: $authenticated, publish: $authenticated}}
log: {type: stdout, format: json, level: warn}
flags: {createUser: true}
";

struct Verdaccio {
    _server: Server,
    port: u16,
    login: String,
}

impl Verdaccio {
    fn start(world: &World) -> Option<Self> {
        let verdaccio = tool("npm/node_modules/.bin/verdaccio")?;
        let config = world.sandbox.write("tmp/verdaccio.yaml", VERDACCIO);
        let port = free_port();
        let mut command = Command::new(verdaccio);
        command.arg("--config").arg(config).args(["--listen", &format!("127.0.0.1:{port}")]);
        let mut server = Server::start(&mut command, &world.sandbox.path("tmp"));
        server.until_http(port, "/-/ping", 200);
        let bob = r#"{"name":"bob","password":"in-the-test"}"#;
        let made = Http::new(port).ask("PUT", "/-/user/org.couchdb.user:bob", bob);
        Some(Self { _server: server, port, login: made.text("/token") })
    }

    fn as_bob(&self) -> Http {
        Http::new(self.port).with("authorization", &format!("Bearer {}", self.login))
    }

    /// A token for machines, and the path it is taken back by.
    fn token(&self, file: &'static str) -> (Leak, String) {
        let wanted = r#"{"password":"in-the-test","readonly":false,"cidr_whitelist":[]}"#;
        let made = self.as_bob().ask("POST", "/-/npm/v1/tokens", wanted);
        let path = format!("/-/npm/v1/tokens/token/{}", made.text("/key"));
        (npmrc(file, made.text("/token")), path)
    }
}

fn npmrc(file: &'static str, secret: String) -> Leak {
    Leak { file, text: format!("//127.0.0.1/:_authToken={secret}\n"), secret }
}

#[test]
fn a_token_of_verdaccio_that_is_taken_back_is_dead() {
    let Some(world) = World::new() else { return };
    let Some(verdaccio) = Verdaccio::start(&world) else { return };
    let _front = world.list("npm", verdaccio.port);
    let (leak, path) = verdaccio.token(".npmrc");
    let revoke = || drop(verdaccio.as_bob().ask("DELETE", &path, ""));
    // What was taken back is gone; only another one can be made.
    life(&world, leak, revoke, || Again::Another(verdaccio.token("ci/.npmrc").0));
}

#[test]
fn logging_out_of_verdaccio_ends_nothing() {
    let Some(world) = World::new() else { return };
    let Some(verdaccio) = Verdaccio::start(&world) else { return };
    let _front = world.list("npm", verdaccio.port);
    let story = Story::leaked(&world, npmrc(".npmrc", verdaccio.login.clone()));
    story.removed();
    let path = format!("/-/user/token/{}", verdaccio.login);
    let said = verdaccio.as_bob().ask("DELETE", &path, "");
    assert_eq!(said.text("/ok"), "Logged out");
    world.wait_to_ask();
    story.is_live();
}

#[test]
fn what_verdaccio_says_of_a_token_it_never_made_proves_nothing() {
    let Some(world) = World::new() else { return };
    let Some(verdaccio) = Verdaccio::start(&world) else { return };
    let _front = world.list("npm", verdaccio.port);
    let never = verdaccio.login.chars().rev().collect::<String>();
    let bearer = format!("Bearer {never}");
    let said = Http::new(verdaccio.port).with("authorization", &bearer).ask("GET", "/-/whoami", "");
    assert_eq!((said.status, said.body.trim()), (200, "{}"));
    let story = Story::leaked(&world, npmrc(".npmrc", never));
    story.removed();
    story.is_never_proven("an answer that proves nothing (HTTP 200)");
}

struct DockerRegistry {
    _server: Server,
    port: u16,
    passwords: std::path::PathBuf,
    htpasswd: std::path::PathBuf,
}

impl DockerRegistry {
    fn start(world: &World) -> Option<Self> {
        let (registry, htpasswd) = (program("docker-registry")?, program("htpasswd")?);
        let port = free_port();
        let folder = world.sandbox.path(format!("tmp/{port}"));
        std::fs::create_dir(&folder).unwrap();
        let passwords = folder.join("htpasswd");
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: \"127.0.0.1:{port}\"}}\n\
             auth: {{htpasswd: {{realm: basic, path: {}}}}}\n",
            folder.join("images").display(),
            passwords.display()
        );
        let config = world.sandbox.write(&format!("tmp/{port}/registry.yaml"), config);
        let mut command = Command::new(registry);
        command.arg("serve").arg(config);
        std::fs::write(&passwords, "").unwrap();
        let mut server = Server::start(&mut command, &folder);
        server.until_http(port, "/v2/", 401);
        Some(Self { _server: server, port, passwords, htpasswd })
    }

    /// From now on the user has this password.
    fn set(&self, password: &str) {
        let mut command = Command::new(&self.htpasswd);
        let made = command.args(["-Bbn", "app", password]).stderr(Stdio::null()).output().unwrap();
        assert!(made.status.success());
        // The server reads the file again when it is newer by a second.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        std::fs::write(&self.passwords, made.stdout).unwrap();
    }

    /// What a login with this password leaves in a file.
    fn login(&self, password: &str) -> Leak {
        let secret = BASE64.encode(format!("app:{password}").as_bytes());
        let login = format!(r#""127.0.0.1:{}":{{"auth":"{secret}"}}"#, self.port);
        Leak { file: "config.json", text: format!(r#"{{"auths":{{{login}}}}}"#), secret }
    }
}

#[test]
fn a_denial_by_another_registry_than_the_one_of_the_login_proves_nothing() {
    let Some(world) = World::new() else { return };
    let (Some(public), Some(own)) = (DockerRegistry::start(&world), DockerRegistry::start(&world))
    else {
        return;
    };
    let word = ["8tRk", "w5Yz", "Hn3c"].concat();
    own.set(&word);
    let _public = world.list_by_name("docker-registry", public.port);
    let story = Story::leaked(&world, own.login(&word));
    story.removed();
    story.is_never_proven("so a denial there proves nothing");

    // Once its own registry is listed as well, both are asked, and both must deny.
    let _own = world.list("docker-registry", own.port);
    story.is_live();
    own.set("another-one");
    story.is_denied_once();
    story.is_closed_by_the_second_denial();
}

#[test]
fn a_login_to_a_docker_registry_with_an_old_password_is_dead() {
    let Some(world) = World::new() else { return };
    let Some(registry) = DockerRegistry::start(&world) else { return };
    let _front = world.list("docker-registry", registry.port);
    let first = ["7pQx", "mN2v", "Zt8w"].concat();
    registry.set(&first);
    let leak = registry.login(&first);
    life(
        &world,
        leak,
        || registry.set("another-one"),
        || {
            registry.set(&first);
            Again::Same
        },
    );
}

struct Devpi {
    _server: Server,
    port: u16,
}

impl Devpi {
    fn start(world: &World) -> Option<Self> {
        let init = tool("slow/bin/devpi-init")?;
        let (folder, port) = (world.sandbox.path("tmp"), free_port());
        let data = folder.join("devpi");
        let mut command = Command::new(&init);
        let made = command.arg("--serverdir").arg(&data).arg("--no-root-pypi").output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let mut command = Command::new(init.with_file_name("devpi-server"));
        command.arg("--serverdir").arg(&data).args(["--host", "127.0.0.1", "--offline-mode"]);
        let mut server = Server::start(command.args(["--port", &port.to_string()]), &folder);
        server.until_http(port, "/+api", 200);
        Some(Self { _server: server, port })
    }

    fn join(&self, password: &str) {
        let user = format!(r#"{{"password":"{password}"}}"#);
        Http::new(self.port).ask("PUT", "/app", &user);
    }

    fn login(&self, password: &str) -> Leak {
        let user = format!(r#"{{"user":"app","password":"{password}"}}"#);
        let made = Http::new(self.port).ask("POST", "/+login", &user);
        let secret = made.text("/result/password");
        Leak { file: "upload.sh", text: format!("DEVPI_TOKEN='{secret}'\n"), secret }
    }

    fn with(&self, token: &str) -> Http {
        let pair = BASE64.encode(format!("app:{token}").as_bytes());
        Http::new(self.port).with("x-devpi-auth", &pair)
    }
}

#[test]
fn a_login_to_devpi_survives_a_new_password_and_ends_with_its_user() {
    if !slow_ones_are_wanted() {
        return;
    }
    let Some(world) = World::new() else { return };
    let Some(devpi) = Devpi::start(&world) else { return };
    let _front = world.list("devpi", devpi.port);
    devpi.join("first");
    let leak = devpi.login("first");
    let holder = devpi.with(&leak.secret);

    let story = Story::leaked(&world, leak);
    story.is_live();
    story.removed();
    holder.ask("PATCH", "/app", r#"{"password":"second"}"#);
    world.wait_to_ask();
    story.is_live();
    holder.ask("DELETE", "/app", "");
    story.is_denied_once();
    story.is_closed_by_the_second_denial();
    devpi.join("third");
    story.is_reopened();
}
