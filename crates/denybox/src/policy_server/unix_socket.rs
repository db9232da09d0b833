//! HTTP over a unix socket, as a connector of ureq's.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

/// Opens every connection to one socket, whatever the URL says.
#[derive(Debug)]
pub struct UnixSocket(PathBuf);

impl UnixSocket {
    /// Connections to the socket at `path`.
    pub fn at(path: &str) -> Self {
        Self(PathBuf::from(path))
    }
}

impl Connector<()> for UnixSocket {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Connection>, Error> {
        let stream = UnixStream::connect(&self.0)?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(Connection { stream, buffers }))
    }
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    buffers: LazyBuffers,
}

/// What is left of the time, as a socket takes it: never zero, which would mean for ever.
fn left(timeout: NextTimeout) -> Option<Duration> {
    timeout.not_zero().map(|time| *time)
}

/// A socket's time-out comes as `EAGAIN`, socket(7).
fn told(error: io::Error, timeout: NextTimeout) -> Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => error.into(),
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.set_write_timeout(left(timeout))?;
        let output = self.buffers.output();
        let output = output.get(..amount).unwrap_or(output);
        self.stream.write_all(output).map_err(|error| told(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.set_read_timeout(left(timeout))?;
        let input = self.buffers.input_append_buf();
        let amount = self.stream.read(input).map_err(|error| told(error, timeout))?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        // One question is asked on a connection: it is never used again.
        false
    }
}
