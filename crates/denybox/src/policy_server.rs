//! `--policy-server`: a real OPA decides, over its REST data API, on a unix socket or over TLS.
//!
//! <https://www.openpolicyagent.org/docs/rest-api#data-api>

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use denybox_core::decision::{Decision, Input};
use denybox_core::policy::Policy;
use ureq::Agent;
use ureq::config::Config;
use ureq::tls::{Certificate, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::DefaultResolver;

mod unix_socket;

use unix_socket::UnixSocket;

/// How long a decision may take altogether.
pub const TIME: Duration = Duration::from_secs(5);
/// The longest response that is read, in bytes.
const RESPONSE_MAX: u64 = 4 << 20;
/// What is asked for where the URL names no path.
const USUAL_PATH: &str = "/v1/data/denybox/local/answer";

/// Why a server can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum PolicyServerError {
    /// Neither a socket nor TLS: anybody on the way could answer.
    #[error("'{0}' is no policy server: use https://HOST/v1/data/… or unix:///PATH/OF/SOCKET[:/v1/data/…]")]
    Scheme(String),
    /// The certificates can't be read.
    #[error("cannot read the certificates in {path}: {source}")]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A server that decides.
#[derive(Debug)]
pub struct PolicyServer {
    name: String,
    url: String,
    agent: Agent,
}

impl PolicyServer {
    /// The server at `url`. `authority` is a PEM file with the certificates that a server over TLS is checked against, in
    /// place of the system's.
    ///
    /// # Errors
    /// [`PolicyServerError`].
    pub fn new(url: &str, authority: Option<&Path>) -> Result<Self, PolicyServerError> {
        let name = url.to_owned();
        if let Some(rest) = url.strip_prefix("unix://") {
            let (socket, path) = match rest.split_once(":/") {
                Some((socket, path)) => (socket, format!("/{path}")),
                None => (rest, USUAL_PATH.to_owned()),
            };
            if !socket.starts_with('/') {
                return Err(PolicyServerError::Scheme(name));
            }
            let socket = UnixSocket::at(socket);
            let agent = Agent::with_parts(config().build(), socket, DefaultResolver::default());
            // The host's name is for the request alone: nothing is looked up.
            return Ok(Self { name, url: format!("http://localhost{path}"), agent });
        }
        let Some(rest) = url.strip_prefix("https://") else { return Err(PolicyServerError::Scheme(name)) };
        let url = if rest.contains('/') { url.to_owned() } else { format!("{url}{USUAL_PATH}") };
        let roots = match authority {
            None => RootCerts::PlatformVerifier,
            Some(path) => RootCerts::Specific(Arc::new(certificates(path)?)),
        };
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        Ok(Self { name, url, agent: config().https_only(true).tls_config(tls).build().into() })
    }

    /// Asks it. Whatever isn't an allowing answer refuses.
    pub fn decide(&self, input: &Input) -> Decision {
        Policy::decide_remotely(&self.name, input, |body| {
            let failed =
                |error: ureq::Error| format!("the policy server {} can't be asked: {error}", self.name);
            let mut response = self
                .agent
                .post(&self.url)
                .header("Content-Type", "application/json")
                .send(body)
                .map_err(failed)?;
            // A redirection is no answer either.
            if response.status() != 200 {
                return Err(format!("the policy server {} answered with {}", self.name, response.status()));
            }
            response.body_mut().with_config().limit(RESPONSE_MAX).read_to_string().map_err(failed)
        })
    }
}

fn config() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    Config::builder().timeout_global(Some(TIME)).max_redirects(0).proxy(None).user_agent("denybox")
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, PolicyServerError> {
    let failed = |source| PolicyServerError::Authority { path: path.to_owned(), source };
    let pem = fs::read(path).map_err(failed)?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        match item.map_err(|error| failed(io::Error::other(error)))? {
            ureq::tls::PemItem::Certificate(certificate) => found.push(certificate),
            _ => continue,
        }
    }
    if found.is_empty() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "no certificate in it")));
    }
    Ok(found)
}
