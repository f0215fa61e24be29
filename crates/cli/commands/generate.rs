//! `quietus completions` and `quietus man`: made from the command line's own definition.

use crate::args::Cli;
use crate::exit::{Exit, Failure};
use anyhow::Context;
use clap::CommandFactory;
use std::path::Path;

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "quietus", &mut script);
    crate::output::bytes(&script)?;
    Ok(Exit::clean())
}

pub(crate) fn man(dir: Option<&Path>) -> Result<Exit, Failure> {
    if let Some(dir) = dir {
        clap_mangen::generate_to(Cli::command(), dir)
            .with_context(|| format!("writing the manual pages to {}", dir.display()))?;
        return Ok(Exit::clean());
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page).context("writing the manual page")?;
    crate::output::bytes(&page)?;
    Ok(Exit::clean())
}
