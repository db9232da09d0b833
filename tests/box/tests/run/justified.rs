//! Justifications and policies: what a manifest opens, what takes two people, what is pinned, and who else may decide.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use denybox_box_tests::ground::Check;
use denybox_box_tests::room::Room;
use denybox_box_tests::{Checked, Stop, check, same};
use denybox_core::justification::Manifest;
use denybox_core::justification::envelope::Envelope;
use denybox_core::justification::key::SecretKey;
use serde_json::Value;

pub const CHECKS: &[Check] = &[
    ("justified/a-manifest-is-a-reason", a_manifest_is_a_reason),
    ("justified/the-hosts-takes-two", the_hosts_takes_two),
    ("justified/for-one-executable", for_one_executable),
    ("justified/uses", uses),
    ("justified/unusable", unusable),
    ("justified/pinned", pinned),
    ("justified/policy-in-a-directory", policy_in_a_directory),
    ("justified/policy-that-takes-too-much", policy_that_takes_too_much),
    ("justified/policy-server", policy_server),
    ("justified/policy-server-over-tls", policy_server_over_tls),
    ("justified/decision-log", decision_log),
];

/// The time, in seconds, and as documents have it.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn moment(seconds: u64) -> String {
    // date(1) knows the calendar.
    let output = std::process::Command::new("date")
        .args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%SZ"])
        .output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// A manifest for one grant, from an hour ago until `until`, with more lines in it.
fn manifest(grant: &str, until: u64, more: &str) -> String {
    format!(
        "version: 1\nid: test-1\ngrants:\n  - {grant}\ncategory: hard-coded-path\nstatement: the test needs it\n\
         requestedBy: alice@example.com\napprovedBy: [bob@example.com]\n\
         notBefore: {}\nnotAfter: {}\n{more}",
        moment(now() - 3600),
        moment(until),
    )
}

const OWN_SHM: &str = "{resource: /dev/shm, access: read-write, backing: private, size: 1M}";
const HOSTS_SHM: &str = "{resource: /dev/shm, access: read-write, backing: host}";

fn key(seed: u8) -> Result<SecretKey, Stop> {
    Ok(SecretKey::from_bytes(&[seed; 32])?)
}

/// A trust file for Alice, who may ask, and Bob, who may agree.
fn trust(room: &Room<'_>) -> Result<PathBuf, Stop> {
    let entry = |person: &str, seed, role: &str| -> Result<String, Stop> {
        let public = key(seed)?.public().to_string();
        Ok(format!("[[key]]\nperson = \"{person}\"\npublic = \"{public}\"\nroles = [\"{role}\"]\n"))
    };
    let alice = entry("alice@example.com", 1, "requester")?;
    let bob = entry("bob@example.com", 2, "approver")?;
    Ok(room.write("trust.toml", format!("version = 1\n{alice}{bob}"))?)
}

/// An envelope around `manifest`, signed with the keys of these seeds.
fn signed(manifest: &str, seeds: &[u8]) -> Result<String, Stop> {
    let mut envelope = Envelope::of(&Manifest::parse(manifest.as_bytes())?);
    for seed in seeds {
        let signature = key(*seed)?.sign(&envelope.pae());
        envelope.add(signature)?;
    }
    Ok(envelope.to_json())
}

fn text(path: &Path) -> Result<&str, Stop> {
    Ok(path.to_str().ok_or("a path that is no text")?)
}

fn a_manifest_is_a_reason(room: &Room<'_>) -> Checked {
    let script = "echo a > /dev/shm/x && cat /dev/shm/x";
    let file = room.write("shm.yaml", manifest(OWN_SHM, now() + 3600, ""))?;
    room.shell(&["--justification", text(&file)?], script).end()?.prints("a")?;
    check(room.shell(&[], script).end()?.code != Some(0), || "without it, too".to_owned())?;
    // The variables of a scratch come with it.
    let scratch = "{resource: /run/denybox/scratch, access: read-write, backing: private, size: 1M}";
    let file = room.write("scratch.yaml", manifest(scratch, now() + 3600, ""))?;
    room.shell(&["--justification", text(&file)?], "echo $TMPDIR; mktemp >/dev/null && echo made")
        .end()?
        .prints("/run/denybox/scratch\nmade")?;
    // The command line may ask for less, and not for more.
    let file = room.write("shm.yaml", manifest(OWN_SHM, now() + 3600, ""))?;
    let words = ["--justification", text(&file)?, "--grant", "/dev/shm=private,size=512K"];
    room.shell(&words, "stat -f -c '%b*%S' /dev/shm | sed 's/^/echo $((/;s/$/))/' | sh")
        .end()?
        .prints("524288")?;
    let words = ["--justification", text(&file)?, "--grant", "/dev/shm=private,size=2M"];
    room.shell(&words, script).end()?.is_refused("needs-reason")
}

fn the_hosts_takes_two(room: &Room<'_>) -> Checked {
    let name = format!("denybox-test-{}-{}", std::process::id(), room.caller.uid());
    let canary = Path::new("/dev/shm").join(&name);
    let gone = Removed(canary.clone());
    std::fs::write(&canary, "from the host\n")?;
    let script =
        format!("cat /dev/shm/{name}; grep -c ' /dev/shm .*nosuid,nodev,noexec' /proc/self/mountinfo");
    let trust = trust(room)?;
    let trust = text(&trust)?;
    let plain = manifest(HOSTS_SHM, now() + 3600, "");
    let put = |name: &str, document: String| -> Result<String, Stop> {
        Ok(text(&room.write(name, document)?)?.to_owned())
    };
    let unsigned = put("plain.yaml", plain.clone())?;
    let one = put("one.json", signed(&plain, &[1])?)?;
    let both = put("both.json", signed(&plain, &[1, 2])?)?;
    let stranger = put("stranger.json", signed(&plain, &[1, 3])?)?;
    let old = put("old.json", signed(&manifest(HOSTS_SHM, now() - 1800, ""), &[1, 2])?)?;
    let strict = |file: &str| {
        room.shell(&["--policy", "strict", "--trust", trust, "--justification", file], &script).end()
    };
    // Refused…
    room.shell(&["--grant", "/dev/shm=host", "--because", "please"], &script)
        .end()?
        .is_refused("host-needs-signed-justification")?;
    room.shell(&["--trust", trust, "--justification", &both], &script)
        .end()?
        .is_refused("host-needs-signed-justification")?;
    strict(&unsigned)?.is_refused("unsigned")?;
    strict(&one)?.is_refused("not-approved")?;
    strict(&stranger)?.is_refused("not-approved")?;
    room.shell(&["--policy", "strict", "--justification", &both], &script).end()?.is_refused("unsigned")?;
    // …signed, allowed…
    strict(&both)?.prints("from the host\n1")?;
    // …and expired.
    let ended = strict(&old)?;
    ended.is_refused("expired")?;
    ended.says("test-1")?;
    // A byte of the payload is another document.
    let whole: Value = serde_json::from_str(&std::fs::read_to_string(&both)?)?;
    let mut changed = whole.clone();
    if let Some(Value::String(payload)) = changed.get_mut("payload") {
        // In the middle of the base64: another letter of the manifest.
        let at = payload.len() / 2;
        let other = if payload.as_bytes().get(at) == Some(&b'A') { "B" } else { "A" };
        payload.replace_range(at..=at, other);
    }
    check(changed != whole, || "nothing was changed".to_owned())?;
    let changed = changed.to_string();
    let changed = put("changed.json", changed)?;
    check(matches!(strict(&changed)?.code, Some(77 | 78)), || "a changed payload is taken".to_owned())?;
    drop(gone);
    Ok(())
}

/// Removes a file of the host's that a check made.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn for_one_executable(room: &Room<'_>) -> Checked {
    let program = room.write_program("work/agent", "#!/bin/sh\necho a > /dev/shm/x && echo ran\n")?;
    let sum = room.outside("sha256sum agent | cut -d ' ' -f 1")?;
    let subject = |digest: &str| format!("subject:\n  digests: [{{kind: executable, sha256: {digest}}}]\n");
    let file = room.write("one.yaml", manifest(OWN_SHM, now() + 3600, &subject(sum.stdout.trim())))?;
    let words = ["--justification", text(&file)?, "--", "./agent"];
    room.denybox(&words).end()?.prints("ran")?;
    room.denybox(&["--justification", text(&file)?, "--", "sh", "-c", "true"])
        .end()?
        .is_refused("wrong-subject")?;
    std::fs::write(&program, "#!/bin/sh\necho a > /dev/shm/x && echo another\n")?;
    room.denybox(&words).end()?.is_refused("wrong-subject")?;
    // An agent by name.
    let file = room.write("named.yaml", manifest(OWN_SHM, now() + 3600, "subject: {agent: reviewer}\n"))?;
    room.denybox(&["--justification", text(&file)?, "--", "true"]).end()?.is_refused("wrong-subject")?;
    room.denybox(&["--justification", text(&file)?, "--agent", "reviewer", "--", "true"]).end()?.is(0)
}

fn uses(room: &Room<'_>) -> Checked {
    // Another count than that of the other caller: root's is kept for good.
    let more = format!("maxUses: 2\nticket: T-{}-{}\n", std::process::id(), room.caller.uid());
    let file = room.write("twice.yaml", manifest(OWN_SHM, now() + 3600, &more))?;
    let options = ["--justification", text(&file)?];
    let ended = room.shell(&options, "echo 1").end()?;
    ended.prints("1")?;
    ended.says("test-1 was used 1 of 2 times")?;
    // A dry run and a refusal use nothing up.
    room.shell(&["--dry-run", options[0], options[1]], "echo 1").untold().end()?.is(0)?;
    room.shell(&["--policy", "strict", options[0], options[1]], "echo 1").end()?.is(77)?;
    room.shell(&options, "echo 2").end()?.prints("2")?;
    room.shell(&options, "echo 3").end()?.is_refused("used-up")
}

fn unusable(room: &Room<'_>) -> Checked {
    let deep = format!("{}{}", "{\"a\":".repeat(5000), "}".repeat(5000));
    for (name, document, told) in [
        ("empty.yaml", String::new(), "empty.yaml"),
        ("unknown.yaml", manifest(OWN_SHM, now() + 60, "unheardOf: 1\n"), "unheardOf"),
        ("twice.yaml", manifest(OWN_SHM, now() + 60, "id: again\n"), "id"),
        ("cut.json", "{\"version\": 1, \"id\":".to_owned(), "line 1"),
        ("deep.json", deep, "deep.json"),
        (
            "large.yaml",
            format!("{}#{}", manifest(OWN_SHM, now() + 60, ""), "x".repeat(10 << 20)),
            "large.yaml",
        ),
    ] {
        let file = room.write(name, document)?;
        let ended = room.shell(&["--justification", text(&file)?], "echo ran").end()?;
        ended.is(78)?;
        ended.says(told)?;
        check(!ended.stderr.contains("panicked"), || format!("{ended}"))?;
    }
    let ended = room.shell(&["--justification", "/nowhere/at/all"], "true").end()?;
    ended.is(78)?;
    ended.says("/nowhere/at/all")?;
    let shared = "{resource: /var/tmp, access: read-write, backing: shared, group: team}";
    let file = room.write("shared.yaml", manifest(shared, now() + 60, ""))?;
    room.shell(&["--justification", text(&file)?], "true").end()?.is(69)
}

/// A script that gives this machine an `/etc/denybox/denybox.toml`, in a mount namespace of its own.
fn pinning(room: &Room<'_>, settings: &str, more: &str) -> String {
    let beside = room.beside.display();
    format!(
        "rm -rf {beside}/etc.upper {beside}/etc.work && mkdir -p {beside}/etc.upper {beside}/etc.work && chmod 755 {beside}/etc.upper && \
         mount -t overlay overlay -o lowerdir=/etc,upperdir={beside}/etc.upper,workdir={beside}/etc.work /etc && \
         chown 0:0 /etc && mkdir -p /etc/denybox && printf '{settings}' > /etc/denybox/denybox.toml && {more}"
    )
}

fn pinned(room: &Room<'_>) -> Checked {
    if !rustix::process::geteuid().is_root() {
        return Err(Stop::Skip("only root can pin".to_owned()));
    }
    let scratch = ["--scratch", "1M", "--because", "the test"];
    let strict = pinning(room, "policy = \"strict\"\\n", "true");
    room.shell(&scratch, "true").end()?.is(0)?;
    room.shell(&scratch, "true").after(&strict).end()?.is_refused("needs-signed-justification")?;
    let words = ["--policy", "local", "--scratch", "1M", "--because", "the test"];
    room.shell(&words, "true").after(&strict).end()?.is_refused("needs-signed-justification")?;
    room.shell(&[], "echo ran").after(&strict).end()?.prints("ran")?;
    // What is pinned allows; the command line can be stricter still.
    let local = pinning(room, "policy = \"local\"\\n", "true");
    let words = ["--policy", "strict", "--scratch", "1M", "--because", "the test"];
    room.shell(&words, "true").after(&local).end()?.is_refused("needs-signed-justification")?;
    // Trust that is pinned can't be replaced.
    let (trust, plain) = (trust(room)?, manifest(HOSTS_SHM, now() + 3600, ""));
    let both = room.write("both.json", signed(&plain, &[1, 2])?)?;
    let words = ["--policy", "strict", "--trust", text(&trust)?, "--justification", text(&both)?];
    room.shell(&words, "echo ran").end()?.prints("ran")?;
    let other = pinning(
        room,
        "trust = \"/etc/denybox/trust.toml\"\\n",
        "printf 'version = 1\\n' > /etc/denybox/trust.toml",
    );
    room.shell(&words, "echo ran").after(&other).end()?.is_refused("unsigned")?;
    // Nothing is pinned by a file that others can write, nor by one that makes no sense.
    let loose = pinning(room, "policy = \"local\"\\n", "chmod 666 /etc/denybox/denybox.toml");
    let ended = room.shell(&[], "true").after(&loose).end()?;
    ended.is(78)?;
    ended.says("can be changed by others")?;
    let wrong = pinning(room, "polcy = \"strict\"\\n", "true");
    let ended = room.shell(&[], "true").after(&wrong).end()?;
    ended.is(78)?;
    ended.says("polcy")
}

const ALLOWS_ALL: &str = "package denybox.mine\n\
    answer := {\"allow\": {[exposure.index, \"all\", null] | some group in input.surface; some exposure in group}, \"deny\": []}\n";

fn policy_in_a_directory(room: &Room<'_>) -> Checked {
    let file = room.write("mine/mine.rego", ALLOWS_ALL)?;
    let directory = file.parent().ok_or("no directory")?;
    let options = ["--policy", text(directory)?, "--scratch", "1M"];
    room.shell(&options, "echo ran").end()?.prints("ran")?;
    // A denial of its own, in its own words.
    let deny = ALLOWS_ALL.replace(
        "\"deny\": []",
        "\"deny\": [{\"index\": 0, \"code\": \"no-way\", \"message\": \"not on a Thursday\"}]",
    );
    room.write("mine/mine.rego", deny)?;
    let ended = room.shell(&options, "echo ran").end()?;
    ended.is_refused("no-way")?;
    ended.says("not on a Thursday")?;
    // What reaches out is no policy.
    room.write(
        "mine/mine.rego",
        "package denybox.mine\nanswer := http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"})\n",
    )?;
    let ended = room.shell(&options, "echo ran").end()?;
    ended.is(78)?;
    ended.says("http.send")
}

fn policy_that_takes_too_much(room: &Room<'_>) -> Checked {
    let mut rego = ALLOWS_ALL.replace("\"deny\": []", "\"deny\": [1 | count(x40) == 0]");
    rego.push_str("x0 := \"0123456789abcdef0123456789abcdef\"\n");
    for number in 1..=40 {
        rego.push_str(&format!("x{number} := concat(\"\", [x{0}, x{0}])\n", number - 1));
    }
    let file = room.write("mine/mine.rego", rego)?;
    let options = ["--policy", text(file.parent().ok_or("no directory")?)?];
    let ended = room.shell(&options, "echo ran").end()?;
    ended.is(77)?;
    let codes: Vec<&str> =
        ended.list("/reasons").iter().filter_map(|one| one.get("code")?.as_str()).collect();
    check(matches!(codes[..], ["policy-too-large"] | ["policy-error"]), || format!("{codes:?}: {ended}"))
}

/// A server on a socket that answers one request with `response`; gives what was asked.
fn served(socket: &Path, response: Option<String>) -> Result<std::thread::JoinHandle<String>, Stop> {
    let _ = std::fs::remove_file(socket);
    let listener = UnixListener::bind(socket)?;
    // Whoever runs the box must reach it.
    std::fs::set_permissions(socket, std::os::unix::fs::PermissionsExt::from_mode(0o666))?;
    Ok(std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return String::new() };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let (mut asked, mut part) = (Vec::new(), [0; 64 << 10]);
        // The body is one JSON object, and ends with it.
        while !String::from_utf8_lossy(&asked).trim_end().ends_with("}}") {
            match stream.read(&mut part) {
                Ok(0) | Err(_) => break,
                Ok(length) => asked.extend_from_slice(part.get(..length).unwrap_or_default()),
            }
        }
        match response {
            Some(response) => drop(stream.write_all(response.as_bytes())),
            // Never: the other side must give up.
            None => drop(stream.read(&mut part)),
        }
        String::from_utf8_lossy(&asked).into_owned()
    }))
}

fn http(status: &str, body: &str) -> Option<String> {
    Some(format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ))
}

fn policy_server(room: &Room<'_>) -> Checked {
    let socket = room.beside.join("opa.sock");
    let url = format!("unix://{}", socket.display());
    let ask = |response: Option<String>| -> Result<_, Stop> {
        let server = served(&socket, response)?;
        let ended = room.shell(&["--policy-server", &url, "--scratch", "1M"], "echo ran").end()?;
        Ok((ended, server.join().map_err(|_| "the server panicked")?))
    };
    let (ended, asked) = ask(http("200 OK", "{\"result\": true}"))?;
    ended.prints("ran")?;
    check(asked.starts_with("POST /v1/data/denybox/local/answer "), || asked.clone())?;
    let body = asked.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    let body: Value = serde_json::from_str(body.trim()).map_err(|error| format!("{error}: {asked}"))?;
    let scratch = body.pointer("/input/surface/scratch/0/resource").and_then(Value::as_str);
    same("what was asked", scratch.unwrap_or_default(), "/run/denybox/scratch")?;
    for (response, code) in [
        (http("200 OK", "{\"result\": false}"), "policy-server-refused"),
        (http("200 OK", "{}"), "policy-undefined"),
        (http("200 OK", "{\"result\": \"true\"}"), "policy-error"),
        (http("200 OK", "{\"result\": 1}"), "policy-error"),
        (http("200 OK", "{\"result\": null}"), "policy-error"),
        (http("200 OK", "{\"result\": {\"allow\": [], \"deny\": []}}"), "no-rule"),
        (http("200 OK", "true"), "policy-error"),
        (http("200 OK", "{\"result\": tr"), "policy-error"),
        (http("500 Internal Server Error", "{\"result\": true}"), "policy-error"),
        (http("301 Moved Permanently", "{\"result\": true}"), "policy-error"),
        (Some("nonsense".to_owned()), "policy-error"),
        (Some(String::new()), "policy-error"),
        (None, "policy-error"),
    ] {
        let (ended, _) = ask(response.clone())?;
        ended.is_refused(code).map_err(|error| Stop::from(format!("{response:?}: {error:?}")))?;
    }
    // Nobody there, and no place where anybody could be.
    std::fs::remove_file(&socket)?;
    room.shell(&["--policy-server", &url], "true").end()?.is_refused("policy-error")?;
    room.shell(&["--policy-server", "http://127.0.0.1:8181"], "true").end()?.is(78)
}

fn policy_server_over_tls(room: &Room<'_>) -> Checked {
    let beside = room.beside.display();
    let made = room.outside(&format!(
        "cd {beside} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
         -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem 2>&1"
    ))?;
    made.is(0)?;
    let server = room.write(
        "server.py",
        format!(
            "import http.server, ssl, sys\n\
             class Opa(http.server.BaseHTTPRequestHandler):\n\
             \x20   def do_POST(self):\n\
             \x20       self.rfile.read(int(self.headers.get('Content-Length', 0)))\n\
             \x20       body = b'{{\"result\": true}}'\n\
             \x20       self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers()\n\
             \x20       self.wfile.write(body)\n\
             \x20   def log_message(self, *_): pass\n\
             server = http.server.HTTPServer(('127.0.0.1', 0), Opa)\n\
             context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n\
             context.load_cert_chain('{beside}/cert.pem', '{beside}/key.pem')\n\
             server.socket = context.wrap_socket(server.socket, server_side=True)\n\
             print('port', server.server_address[1], flush=True)\n\
             server.serve_forever()\n"
        ),
    )?;
    let command = room.caller.command(&["python3".as_ref(), server.as_os_str()]);
    let mut running = room.run(command, std::process::Stdio::null())?;
    running.wait_for("port ")?;
    let port = running.said()?.trim().rsplit(' ').next().unwrap_or_default().to_owned();
    let url = format!("https://localhost:{port}/v1/data/x");
    let authority = format!("{beside}/cert.pem");
    let trusting = ["--policy-server", &url, "--policy-server-ca", &authority];
    let trusted = room.shell(&trusting, "echo ran").end();
    // Without its certificate, and under another name, it is anybody.
    let unknown = room.shell(&["--policy-server", &url], "echo ran").end();
    let elsewhere = format!("https://127.0.0.1:{port}/v1/data/x");
    let misnamed = ["--policy-server", &elsewhere, "--policy-server-ca", &authority];
    let misnamed = room.shell(&misnamed, "echo ran").end();
    running.process.signal(libc::SIGTERM)?;
    trusted?.prints("ran")?;
    unknown?.is_refused("policy-error")?;
    misnamed?.is_refused("policy-error")
}

fn decision_log(room: &Room<'_>) -> Checked {
    let log = room.beside.join("decisions.jsonl");
    let options = ["--decision-log", text(&log)?];
    room.shell(&options, "true").end()?.is(0)?;
    room.shell(&[&options[..], &["--scratch", "1M"]].concat(), "true").end()?.is(77)?;
    let lines: Vec<Value> = std::fs::read_to_string(&log)?
        .lines()
        .map(|line| serde_json::from_str(line).map_err(|error| Stop::from(error.to_string())))
        .collect::<Result<_, _>>()?;
    let decided: Vec<&str> =
        lines.iter().filter_map(|line| line.pointer("/result/decision")?.as_str()).collect();
    same("the decisions", format!("{decided:?}").as_str(), "[\"allowed\", \"refused\"]")?;
    for field in ["/decision_id", "/path", "/timestamp", "/input/surface/workspace/0/resource", "/labels/id"]
    {
        check(lines.iter().all(|line| line.pointer(field).is_some()), || format!("no {field}"))?;
    }
    // A log that can't be written stops the box.
    let ended = room.shell(&["--decision-log", "/nowhere/at/all"], "echo ran").end()?;
    ended.is(78)?;
    check(!ended.stdout.contains("ran"), || format!("{ended}"))
}
