//! Getting a secret from where its reference says, for the places on this machine.
//!
//! Blocks: a command may take up to ten seconds, so the runtime calls this beside its own threads.
//! The desktop's keyring and the cluster are the live layer's; it is told so by a typed error.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::bounded::{ReadFault, open_regular, read_bounded};
use super::command::{self, CommandFault};
use super::error::{bare, shell_word};
use super::{Environment, SecretRef};

/// Bytes of a secret.
const LARGEST: usize = 64 * 1024;
/// Time for a command.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// Why there is no secret. No variant can hold the secret itself.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The keyring and the cluster are not places on this machine.
    #[error("{0} is read by the live world only.")]
    NotLocal(SecretRef),
    /// The variable is not set, or empty.
    #[error("The variable {} is not set. Export it before starting the console.", bare(.0))]
    VariableNotSet(String),
    /// The file gives no bytes.
    #[error("The secret file {path} can't be read: {reason}.")]
    Unreadable {
        /// The file.
        path: String,
        /// What stands in the way.
        reason: String,
    },
    /// Other people can read the file.
    #[error(
        "The secret file {path} is open to others (mode {mode:04o}). Run: chmod 600 {}",
        shell_word(path)
    )]
    OpenToOthers {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else owns the file and could change it.
    #[error(
        "The secret file {path} belongs to user {owner}, not to you or root. Run: sudo chown {us} {}",
        shell_word(path)
    )]
    ForeignOwner {
        /// The file.
        path: String,
        /// Number of its owner.
        owner: u32,
        /// Our own number.
        us: u32,
    },
    /// The command gives no secret.
    #[error("The secret command {} failed: {fault}. Run it by hand to see why.", bare(program))]
    Command {
        /// Its program; arguments may be secret.
        program: String,
        /// What happened.
        fault: CommandFault,
    },
    /// There is nothing there.
    #[error("The secret from {0} is empty.")]
    Empty(SecretRef),
    /// The bytes are no text.
    #[error("The secret from {0} is not UTF-8 text.")]
    NotText(SecretRef),
}

impl SecretRef {
    /// The secret, from a variable, a file or a command. One newline at its end is dropped.
    /// Blocks for up to ten seconds.
    ///
    /// # Errors
    /// [`SecretError::NotLocal`] for the keyring and the cluster; else what stands in the way.
    pub fn resolve_local(&self, environment: &Environment) -> Result<SecretString, SecretError> {
        self.resolve_within(environment, COMMAND_LIMIT)
    }

    pub(super) fn resolve_within(
        &self,
        environment: &Environment,
        limit: Duration,
    ) -> Result<SecretString, SecretError> {
        match self {
            Self::Env(name) => environment
                .get(name)
                .map(SecretString::from)
                .ok_or_else(|| SecretError::VariableNotSet(name.clone())),
            Self::File(path) => self.text(&read_file(path)?),
            Self::Command(words) => self.text(&run(words, limit)?),
            Self::Keyring { .. } | Self::KubernetesSecret { .. } => {
                Err(SecretError::NotLocal(self.clone()))
            }
        }
    }

    fn text(&self, bytes: &Zeroizing<Vec<u8>>) -> Result<SecretString, SecretError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SecretError::NotText(self.clone()))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(SecretError::Empty(self.clone()));
        }
        Ok(SecretString::from(text))
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let unreadable = |fault| SecretError::Unreadable {
        path: path.display().to_string(),
        reason: match fault {
            ReadFault::Missing => "it does not exist".to_owned(),
            ReadFault::NotRegular => "it is not a regular file".to_owned(),
            ReadFault::TooLarge => format!("it is larger than {LARGEST} bytes"),
            ReadFault::Io(error) => error.to_string(),
        },
    };
    let (file, metadata) = open_regular(path).map_err(unreadable)?;
    check_access(path, &metadata)?;
    read_bounded(file, LARGEST).map_err(unreadable)
}

fn check_access(path: &Path, metadata: &Metadata) -> Result<(), SecretError> {
    let (owner, us) = (metadata.uid(), rustix::process::geteuid().as_raw());
    let path = || path.display().to_string();
    if owner != us && owner != 0 {
        return Err(SecretError::ForeignOwner { path: path(), owner, us });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(SecretError::OpenToOthers { path: path(), mode });
    }
    Ok(())
}

fn run(words: &[String], limit: Duration) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let (program, arguments) =
        words.split_first().map_or(("", words), |(first, rest)| (first.as_str(), rest));
    command::output(program, arguments, limit, LARGEST)
        .map_err(|fault| SecretError::Command { program: program.to_owned(), fault })
}
