//! How the processes of one dataflow find each other: each listens where a list says, and connects to those before it.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use dataflows::engine::{Cluster, Share};
use dataflows::model::{Key, Settings};

/// How long a process waits for the others.
const JOIN_MAX: Duration = Duration::from_secs(120);
/// Time for one attempt to connect, and for the first words on a connection.
const ANSWER_MAX: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);
/// Time between two lines that tell who is waited for.
const REMIND: Duration = Duration::from_secs(5);

/// Where processes listen that no list was written for: this machine.
const PORT_FIRST: usize = 2_101;

const WORD: [u8; 8] = *b"deltagat";
const GREETING: usize = 32;

/// Which process this is, and where all of them listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Which one, from 0.
    pub process: usize,
    /// `host:port` of each.
    pub addresses: Vec<String>,
}

/// Why a list of processes cannot be used. Correct the flag that it names.
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    /// There is no such process.
    #[error("--process {process}: of --processes {processes} the last one is {}", processes - 1)]
    NoSuchProcess {
        /// The process that was asked for.
        process: usize,
        /// How many there are.
        processes: usize,
    },
    /// The file is not there, or may not be read.
    #[error("--hostfile {file}: {source}: name a file with one host:port per line, one line per process")]
    Unreadable {
        /// The file.
        file: String,
        /// The answer of the system.
        #[source]
        source: io::Error,
    },
    /// The file has too few lines.
    #[error("--hostfile {file} names {found} of --processes {processes}: write one host:port per line")]
    TooFew {
        /// The file.
        file: String,
        /// How many it names.
        found: usize,
        /// How many there are.
        processes: usize,
    },
}

/// Why the processes do not come together, named for what the operator does next.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Free the address, or change the list.
    #[error("cannot listen on {address}, the address of this process: free it, or change it in the hostfile of all")]
    Listen {
        /// The address.
        address: String,
        /// The answer of the system.
        #[source]
        source: io::Error,
    },
    /// Start the missing ones.
    #[error(
        "not all processes are there after {} s; missing: {missing}. Start each with the same flags and hostfile, and its \
         own --process",
        JOIN_MAX.as_secs()
    )]
    Late {
        /// Who did not come, with its address.
        missing: String,
    },
    /// Start all with the same program and flags.
    #[error("process {process} is another version or has other flags: start all with the same program and settings")]
    Different {
        /// Who.
        process: usize,
    },
}

impl Membership {
    /// One of several processes; without a file all are on this machine, from port 2101 on.
    pub fn read(process: usize, processes: usize, hostfile: Option<&Path>) -> Result<Self, MembershipError> {
        if process >= processes {
            return Err(MembershipError::NoSuchProcess { process, processes });
        }
        let Some(path) = hostfile else {
            let addresses = (0..processes).map(|process| format!("127.0.0.1:{}", PORT_FIRST + process)).collect();
            return Ok(Self { process, addresses });
        };
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| MembershipError::Unreadable { file: file.clone(), source })?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let addresses: Vec<String> = lines.take(processes).map(str::to_owned).collect();
        match addresses.len() {
            found if found < processes => Err(MembershipError::TooFew { file, found, processes }),
            _ => Ok(Self { process, addresses }),
        }
    }

    /// What of all objects is this process's.
    pub const fn share(&self) -> Share {
        Share { process: self.process, processes: self.addresses.len() }
    }

    /// Waits until all processes are connected. Those that run something else are told apart from those that are late.
    pub fn join(&self, workers: usize, settings: &Settings) -> Result<Cluster, JoinError> {
        let own = &self.addresses[self.process];
        let listen = || {
            let listener = TcpListener::bind(own.as_str())?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let listener = listen().map_err(|source| JoinError::Listen { address: own.clone(), source })?;
        let greeting = Greeting { process: self.process, way: self.way(workers, settings) };
        let mut sockets: Vec<Option<TcpStream>> = self.addresses.iter().map(|_| None).collect();
        let begin = Instant::now();
        let mut reminded = begin;
        loop {
            self.look(&listener, &greeting, &mut sockets)?;
            let missing = self.missing(&sockets);
            if missing.is_empty() {
                return Ok(Cluster { process: self.process, sockets });
            }
            if begin.elapsed() > JOIN_MAX {
                return Err(JoinError::Late { missing });
            }
            if reminded.elapsed() > REMIND {
                reminded = Instant::now();
                tracing::info!(missing, "waiting for other processes");
            }
            thread::sleep(LOOK);
        }
    }

    /// Takes whoever is there now: later processes come, earlier ones are called on.
    fn look(
        &self,
        listener: &TcpListener,
        greeting: &Greeting,
        sockets: &mut [Option<TcpStream>],
    ) -> Result<(), JoinError> {
        while let Ok((stream, from)) = listener.accept() {
            match greeting.exchange(&stream) {
                Ok(other) if other.way != greeting.way => {
                    return Err(JoinError::Different { process: other.process });
                }
                Ok(other) if other.process > self.process && other.process < sockets.len() => {
                    sockets[other.process] = Some(stream);
                }
                Ok(other) => tracing::warn!(process = other.process, %from, "a process came that is not expected"),
                Err(error) => tracing::warn!(%from, %error, "somebody came who is no process of ours"),
            }
        }
        for process in (0..self.process).filter(|process| sockets[*process].is_none()).collect::<Vec<_>>() {
            let Ok(stream) = connect(&self.addresses[process]) else { continue };
            match greeting.exchange(&stream) {
                Ok(other) if other.way != greeting.way => return Err(JoinError::Different { process }),
                Ok(other) if other.process == process => sockets[process] = Some(stream),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn missing(&self, sockets: &[Option<TcpStream>]) -> String {
        let missing = (0..).zip(sockets).filter(|(process, socket)| *process != self.process && socket.is_none());
        let names: Vec<String> =
            missing.map(|(process, _)| format!("{process} ({})", self.addresses[process])).collect();
        names.join(", ")
    }

    /// What has to be the same in all processes, as a hash.
    fn way(&self, workers: usize, settings: &Settings) -> [u8; 16] {
        let numbers = format!("{} {workers}", self.addresses.len());
        let settings = serde_json::to_string(settings).unwrap_or_default();
        Key::hash(&[env!("CARGO_PKG_VERSION").as_bytes(), numbers.as_bytes(), settings.as_bytes()]).bytes()
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, ANSWER_MAX) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The first words on a connection.
struct Greeting {
    process: usize,
    /// What has to be the same in all processes.
    way: [u8; 16],
}

impl Greeting {
    /// Says it, and hears that of the other side.
    fn exchange(&self, mut stream: &TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        let mut own = Vec::with_capacity(GREETING);
        own.extend(WORD);
        own.extend((self.process as u64).to_be_bytes());
        own.extend(self.way);
        stream.write_all(&own)?;
        let mut other = [0; GREETING];
        stream.read_exact(&mut other)?;
        stream.set_read_timeout(None)?;
        let (word, rest) = other.split_at(WORD.len());
        let (process, way) = rest.split_at(size_of::<u64>());
        let process = process.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
        match way.try_into() {
            Ok(way) if word == WORD => Ok(Self { process, way }),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it does not greet as a process of this program")),
        }
    }
}

#[cfg(test)]
mod tests;
