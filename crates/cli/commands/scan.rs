//! `quietus scan`: look, print, keep nothing.

use crate::CANCEL;
use crate::args::{Format, Scan};
use crate::exit::{Exit, Failure, Reason};
use crate::output::{self, ScanReport, Shown};
use crate::places;
use crate::progress::Bar;
use crate::setup::Setup;
use crate::sight::Sight;
use anyhow::{Context, anyhow};
use quietus_model::{
    Assessment, Doubt, Finding, FingerprintKey, Hit, Judgement, KeyId, Kind, Location, Offline,
    Place, Remedy, RuleSet, SafeText, Scope, Silence, Survey, SurveyId, Trust, Verdict,
};
use quietus_scan::{Detector, Scanned, Source};
use quietus_track::{Look, Silencing, ask_all, is_live, look, seal, seeing_rules};
use quietus_validate::Validator;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub(crate) async fn run(setup: &Setup, args: &Scan) -> Result<Exit, Failure> {
    let rules = setup.rules()?;
    let validator = if args.validate { Some(setup.validator(&rules, None)?) } else { None };
    let detector = setup.detector(Arc::clone(&rules))?;
    let key = setup.existing_key()?;
    let policy = setup.policy()?;
    let silencing = setup.silencing(&args.silence, &args.sources, &rules, key.as_ref(), &policy)?;
    // Without a key of the organisation, fingerprints tell secrets of this run apart, no more.
    let lasting = key.is_some();
    let key = match key {
        Some(key) => key,
        None => places::new_key()?,
    };
    let bar = Bar::new(setup.quiet);
    let found = find(setup, args, &detector, &key, lasting, &bar)?;
    bar.done();
    for error in &found.errors {
        output::error_text(&error.to_string());
    }
    let findings = found.hits.iter().map(|hit| &hit.finding);
    let suppressions = silencing.report(findings, &found.scopes, found.errors.is_empty());
    let seen = survey_wanted(args, lasting)?
        .map(|file| (file, found.hits.iter().map(|hit| hit.finding.clone()).collect()));
    let mut hidden = Counts::new();
    let mut hits = worth_asking(found.hits, &silencing, args, &mut hidden);
    for (hit, _) in &mut hits {
        silencing.grade(&mut hit.finding);
        hit.finding.locations.iter_mut().for_each(as_opened);
    }
    let mut shown = ask(validator.as_ref(), hits, args.show_secrets).await;
    let scopes = found.scopes;
    if let Some((file, findings)) = seen {
        write_survey(setup, args, file, (&scopes, findings), &shown, &key.id(), &rules)?;
    }
    hide(&mut shown, &mut hidden);
    let mut exit = exit_of(&scopes, &shown, !found.errors.is_empty());
    exit.add_if(validator.is_some_and(|_| was_cut_short()), Reason::Incomplete);
    let now = setup.now;
    let report = ScanReport { shown, hidden, suppressions, scopes, rules, lasting, exit, now };
    print(&report, args.format, setup.quiet)?;
    Ok(report.exit)
}

/// The file that a survey is to be written to.
fn survey_wanted(args: &Scan, lasting: bool) -> Result<Option<&Path>, Failure> {
    match &args.survey {
        Some(_) if !lasting => Err(anyhow!(
            "there is no key of the organisation, so a survey would name nothing that its ledger \
             knows; bring the key with `quietus init --key-from`"
        )
        .into()),
        file => Ok(file.as_deref()),
    }
}

/// Writes what was seen, whether or not it is reported, for the ledger that is elsewhere.
fn write_survey(
    setup: &Setup,
    args: &Scan,
    file: &Path,
    (scopes, findings): (&[Scope], Vec<Finding>),
    shown: &[Shown],
    key_id: &KeyId,
    rules: &RuleSet,
) -> Result<(), Failure> {
    let judged: BTreeMap<_, _> =
        shown.iter().map(|one| (one.finding.fingerprint, &one.judgements)).collect();
    let assess = |finding: Finding| Assessment {
        kind: rules.get(&finding.rule).map_or_else(
            || Kind { name: finding.rule.to_string(), askable: true, remedy: Remedy::default() },
            |rule| Kind::of(rule),
        ),
        judgements: judged.get(&finding.fingerprint).map_or_else(Vec::new, |all| (*all).clone()),
        finding,
        silence: None,
        sealed: None,
    };
    let survey = Survey {
        id: SurveyId(uuid::Uuid::now_v7()),
        key_id: key_id.clone(),
        taken_at: setup.now,
        rules_digest: rules.digest().clone(),
        rules: seeing_rules(rules, &quietus_catalogue::shipped()?),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        trust: Trust::Own,
        scopes: scopes.to_vec(),
        assessments: findings.into_iter().map(assess).collect(),
        unrecognised: std::collections::BTreeSet::new(),
    };
    let key = args.survey_key.as_deref().map(super::import::read_key).transpose()?;
    places::write_whole(file, &seal(&survey, key.as_ref())?)?;
    Ok(())
}

fn print(report: &ScanReport, format: Format, quiet: bool) -> Result<(), Failure> {
    match format {
        Format::Terminal => output::terminal::print(report)?,
        Format::Jsonl => output::json::print_lines(report)?,
        Format::Json => output::json::print_document(report)?,
        Format::Sarif => output::sarif::print(report)?,
    }
    // These have no place for it.
    if matches!(format, Format::Jsonl | Format::Sarif) && !quiet {
        output::silence::notices(&report.hidden, &report.suppressions);
    }
    Ok(())
}

fn find(
    setup: &Setup,
    args: &Scan,
    detector: &Detector,
    key: &FingerprintKey,
    lasting: bool,
    bar: &Bar,
) -> Result<Look, Failure> {
    let options = setup.options(&args.sources, lasting);
    let sources = args.sources.list();
    if let Some(source) = special_source(args, &sources)? {
        let scanned = quietus_scan::scan(&source, detector, key, &options, setup.now, bar, &CANCEL);
        let Scanned { scope, hits } = scanned.map_err(Failure::source)?;
        return Ok(Look { scopes: vec![scope], hits, errors: Vec::new() });
    }
    let sight = Sight { names: setup.names(&args.sources)?, ..Sight::new(setup, options) };
    let looking = sight.looking(detector, key, bar);
    Ok(look(&looking, &sources, args.sources.kind(), setup.now))
}

/// Standard input, the index, or what came after a revision.
fn special_source(args: &Scan, sources: &[String]) -> Result<Option<Source>, Failure> {
    if sources == ["-"] {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("reading standard input")?;
        return Ok(Some(Source::Stdin(bytes)));
    }
    if sources.iter().any(|source| source == "-") {
        return Err(anyhow!("\"-\" is standard input and stands alone").into());
    }
    if !args.staged && args.since.is_none() {
        return Ok(None);
    }
    let [path] = sources else {
        return Err(anyhow!("--staged and --since are for one repository at a time").into());
    };
    let path = PathBuf::from(path);
    Ok(Some(match &args.since {
        Some(revision) => Source::Since { path, revision: revision.clone() },
        None => Source::Staged(path),
    }))
}

/// Names a file on disk as one opens it from here: below the folder that was named. A survey keeps
/// paths as the repository has them, so this is for showing only.
fn as_opened(location: &mut Location) {
    let source = Path::new(location.source.as_str());
    let is_elsewhere = source.components().any(|part| !matches!(part, Component::CurDir));
    if location.place != Place::WorkTree || source.is_absolute() || !is_elsewhere {
        return;
    }
    // A file that was named itself is its own source.
    if !source.ends_with(location.path.as_str()) || source.is_dir() {
        let path = source.join(location.path.as_str());
        location.path = SafeText::plain(path.to_string_lossy());
    } else {
        location.path = SafeText::plain(source.to_string_lossy());
    }
}

/// What is left out, counted aloud.
type Counts = BTreeMap<String, usize>;

/// What may have to be shown, each with why it would not be unless it is live.
fn worth_asking(
    hits: Vec<Hit>,
    silencing: &Silencing,
    args: &Scan,
    hidden: &mut Counts,
) -> Vec<(Hit, Option<Silence>)> {
    let mut worth = Vec::new();
    for hit in hits {
        let silence = silencing.of(&hit.finding);
        let is_weak = hit.finding.confidence < args.confidence;
        let reason = if hit.finding.offline == Offline::Dummy {
            "published examples".to_owned()
        } else if let (true, Some(silence)) = (is_weak, &silence) {
            silence.to_string()
        } else if is_weak {
            "below the confidence asked for".to_owned()
        } else {
            worth.push((hit, silence));
            continue;
        };
        *hidden.entry(reason).or_default() += 1;
    }
    worth
}

/// Leaves out what is silent, unless it is live.
fn hide(shown: &mut Vec<Shown>, hidden: &mut Counts) {
    shown.retain(|shown| match &shown.silence {
        Some(silence) if !is_live(&shown.judgements) => {
            *hidden.entry(silence.to_string()).or_default() += 1;
            false
        }
        _ => true,
    });
}

/// Asks the issuers, and lets go of every secret that is not to be shown.
async fn ask(
    validator: Option<&Validator>,
    hits: Vec<(Hit, Option<Silence>)>,
    keep: bool,
) -> Vec<Shown> {
    ask_all(hits, |(hit, silence)| async move {
        let judgements = match validator {
            Some(validator) => validator.judge(&hit, &[]).await,
            None => Vec::new(),
        };
        let secret = keep.then_some(hit.secret);
        Shown { finding: hit.finding, judgements, secret, silence }
    })
    .await
}

fn exit_of(scopes: &[Scope], shown: &[Shown], unreadable: bool) -> Exit {
    let mut exit = Exit::clean();
    exit.add_if(!shown.is_empty(), Reason::Findings);
    exit.add_if(unreadable, Reason::Source);
    exit.add_if(is_incomplete(scopes), Reason::Incomplete);
    let judgements = || shown.iter().flat_map(|shown| &shown.judgements);
    exit.add_if(judgements().any(|j| matches!(j.verdict, Verdict::Live(_))), Reason::Live);
    exit.add_if(judgements().any(failed), Reason::Validator);
    exit
}

/// Something left out anywhere, or a source in which nothing at all was read.
pub(crate) fn is_incomplete(scopes: &[Scope]) -> bool {
    scopes.iter().any(|scope| {
        let nothing = scope.stats.files + scope.stats.objects == 0;
        let may_be_empty = matches!(
            scope.kind,
            quietus_model::ScopeKind::Staged
                | quietus_model::ScopeKind::Since
                | quietus_model::ScopeKind::Stdin
        );
        scope.has_omissions() || (nothing && !may_be_empty)
    })
}

/// Whether the user stopped the run, so that not all was asked; it is told.
pub(crate) fn was_cut_short() -> bool {
    let is_stopped = CANCEL.load(Ordering::Relaxed);
    if is_stopped {
        output::notice("stopped before every issuer was asked; what they answered is kept");
    }
    is_stopped
}

/// Whether the asking itself went wrong, rather than the answer being unclear.
pub(crate) fn failed(judgement: &Judgement) -> bool {
    matches!(
        judgement.verdict,
        Verdict::Indeterminate(
            Doubt::Unreachable { .. } | Doubt::RateLimited | Doubt::ControlFailed { .. }
        )
    )
}
