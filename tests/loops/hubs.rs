//! Services with accounts: JupyterHub, Matrix and RabbitMQ.

use crate::server::{Http, Server, free_port, slow_ones_are_wanted, there, tool};
use crate::story::{Again, Leak, Story, life};
use crate::world::World;
use data_encoding::BASE64;
use std::path::PathBuf;
use std::process::Command;

/// The password of a server's own administrator.
const ADMIN: &str = "administrator-of-the-test";

const JUPYTERHUB: &str = "\
from jupyterhub.proxy import Proxy
class Nobody(Proxy):
    should_start = False
    async def add_route(self, *a, **k): pass
    async def delete_route(self, *a, **k): pass
    async def get_all_routes(self): return {}
c = get_config()
c.JupyterHub.proxy_class = Nobody
c.JupyterHub.authenticator_class = 'jupyterhub.auth.DummyAuthenticator'
c.Authenticator.allow_all = True
c.JupyterHub.hub_ip = '127.0.0.1'
c.JupyterHub.hub_port = PORT
c.JupyterHub.bind_url = 'http://127.0.0.1:PUBLIC'
c.JupyterHub.db_url = 'sqlite:///hub.sqlite'
c.JupyterHub.services = [{'name': 'tester', 'api_token': 'ADMIN'}]
c.JupyterHub.load_roles = [
    {'name': 'tester', 'services': ['tester'], 'scopes': ['admin:users', 'tokens']}]
";

#[test]
fn a_revoked_token_of_jupyterhub_is_dead() {
    if !slow_ones_are_wanted() {
        return;
    }
    let Some(world) = World::new() else { return };
    let Some(jupyterhub) = tool("slow/bin/jupyterhub") else { return };
    let port = free_port();
    let config = JUPYTERHUB
        .replace("PORT", &port.to_string())
        .replace("PUBLIC", &free_port().to_string())
        .replace("ADMIN", ADMIN);
    let config = world.sandbox.write("tmp/hub.py", config);
    let mut command = Command::new(jupyterhub);
    let mut server = Server::start(command.arg("-f").arg(config), &world.sandbox.path("tmp"));
    server.until_http(port, "/hub/api/", 200);
    let _front = world.list("jupyterhub", port);
    let admin = Http::new(port).with("authorization", &format!("token {ADMIN}"));
    admin.ask("POST", "/hub/api/users/app", "");
    let made = |file| {
        let made = admin.ask("POST", "/hub/api/users/app/tokens", r#"{"note":"ci"}"#);
        let secret = made.text("/token");
        let text = format!("JUPYTERHUB_API_TOKEN={secret}\n");
        (Leak { file, text, secret }, made.text("/id"))
    };
    let (leak, id) = made("hub.env");
    let revoke = || drop(admin.ask("DELETE", &format!("/hub/api/users/app/tokens/{id}"), ""));
    // The hub makes every token up anew.
    life(&world, leak, revoke, || Again::Another(made("next.env").0));
}

struct Synapse {
    _server: Server,
    port: u16,
}

impl Synapse {
    fn start(world: &World) -> Option<Self> {
        let python = tool("slow/bin/python")?;
        let (folder, port) = (world.sandbox.path("tmp"), free_port());
        let homeserver = || {
            let mut command = Command::new(&python);
            command.args(["-m", "synapse.app.homeserver", "--config-path", "homeserver.yaml"]);
            command.current_dir(&folder);
            command
        };
        let mut command = homeserver();
        command.args(["--generate-config", "--server-name", "localhost", "--report-stats=no"]);
        let made = command.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let config = std::fs::read_to_string(folder.join("homeserver.yaml")).unwrap();
        let kept = |line: &&str| {
            !line.starts_with("registration_shared_secret")
                && !line.starts_with("trusted_key_servers")
                && !line.contains("server_name: \"matrix.org\"")
        };
        let lines: Vec<&str> = config.lines().filter(kept).collect();
        let config = lines.join("\n").replace("port: 8008", &format!("port: {port}"));
        let more = "trusted_key_servers: []\nsuppress_key_server_warning: true\n";
        let config = format!("{config}\nregistration_shared_secret: {ADMIN}\n{more}");
        std::fs::write(folder.join("homeserver.yaml"), config).unwrap();
        let mut server = Server::start(&mut homeserver(), &folder);
        server.until_http(port, "/_matrix/client/versions", 200);
        let mut register = Command::new(python.with_file_name("register_new_matrix_user"));
        register.args(["-k", ADMIN, "-u", "app", "-p", ADMIN, "--no-admin"]);
        let made = register.arg(format!("http://127.0.0.1:{port}")).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        Some(Self { _server: server, port })
    }

    fn login(&self, file: &'static str) -> Leak {
        let user = r#"{"type":"m.id.user","user":"app"}"#;
        let wanted =
            format!(r#"{{"type":"m.login.password","identifier":{user},"password":"{ADMIN}"}}"#);
        let made = Http::new(self.port).ask("POST", "/_matrix/client/v3/login", &wanted);
        let secret = made.text("/access_token");
        Leak { file, text: format!("MATRIX_TOKEN={secret}\n"), secret }
    }
}

#[test]
fn a_token_of_a_matrix_device_that_logged_out_is_dead() {
    if !slow_ones_are_wanted() {
        return;
    }
    let Some(world) = World::new() else { return };
    let Some(synapse) = Synapse::start(&world) else { return };
    let _front = world.list("matrix", synapse.port);
    let leak = synapse.login("bot.env");
    let holder = Http::new(synapse.port).with("authorization", &format!("Bearer {}", leak.secret));
    let revoke = || drop(holder.ask("POST", "/_matrix/client/v3/logout", "{}"));
    // Every login makes another token.
    life(&world, leak, revoke, || Again::Another(synapse.login("next.env")));
}

struct RabbitMq {
    _server: Server,
    port: u16,
    environment: Vec<(&'static str, String)>,
}

impl RabbitMq {
    fn start(world: &World) -> Option<Self> {
        let program = there(PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server"))?;
        let (folder, port) = (world.sandbox.path("tmp"), free_port());
        let config = format!(
            "management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {port}\n\
             default_user = admin\ndefault_pass = {ADMIN}\n"
        );
        world.sandbox.write("tmp/rabbitmq.conf", config);
        world.sandbox.write("tmp/plugins", "[rabbitmq_management].");
        let within = |name: &str| folder.join(name).display().to_string();
        let environment = vec![
            ("HOME", within("")),
            ("RABBITMQ_NODENAME", format!("loop{port}@localhost")),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".to_owned()),
            ("RABBITMQ_NODE_PORT", free_port().to_string()),
            ("RABBITMQ_DIST_PORT", free_port().to_string()),
            ("RABBITMQ_MNESIA_BASE", within("mnesia")),
            ("RABBITMQ_LOG_BASE", within("log")),
            ("RABBITMQ_PID_FILE", within("pid")),
            ("RABBITMQ_CONFIG_FILE", within("rabbitmq")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", within("plugins")),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            ("ERL_EPMD_PORT", free_port().to_string()),
        ];
        let mut command = Command::new(program);
        command.envs(environment.clone());
        let mut server = Server::start(&mut command, &folder);
        server.until_http(port, "/api/whoami", 401);
        Some(Self { _server: server, port, environment })
    }

    /// From now on the user has this password.
    fn set(&self, password: &str) {
        let pair = BASE64.encode(format!("admin:{ADMIN}").as_bytes());
        let admin = Http::new(self.port).with("authorization", &format!("Basic {pair}"));
        let user = format!(r#"{{"password":"{password}","tags":"management"}}"#);
        admin.ask("PUT", "/api/users/app", &user);
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        // Erlang's registry of names goes on by itself, away from what it was started by.
        let mut epmd = Command::new("epmd");
        let _ = epmd.arg("-kill").envs(self.environment.clone()).output();
    }
}

#[test]
fn an_old_password_of_rabbitmq_is_dead_once_it_was_accepted() {
    if !slow_ones_are_wanted() {
        return;
    }
    let Some(world) = World::new() else { return };
    let Some(rabbit) = RabbitMq::start(&world) else { return };
    let _front = world.list("rabbitmq", rabbit.port);
    let leak = |file: &'static str, secret: String| {
        let text = format!("QUEUE_URL=amqp://app:{secret}@127.0.0.1:5672/\n");
        Leak { file, text, secret }
    };
    let first = ["q8Zr", "2LmX", "v6Tn", "4Kpw"].concat();
    rabbit.set(&first);
    let revive = || {
        rabbit.set(&first);
        Again::Same
    };
    life(&world, leak("queue.env", first.clone()), || rabbit.set("another-one"), revive);

    // What the broker never accepted it may deny for other reasons.
    let never = Story::leaked(&world, leak("old.env", ["t5Vb", "9RcY", "j3Hd", "7Fgs"].concat()));
    never.removed();
    never.is_never_proven("never accepted it");
}
