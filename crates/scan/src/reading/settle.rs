//! Which of all that was seen in bytes counts: one secret in one place is one spot, however many
//! readings tell of it.

use super::Reading;
use super::inside::{Hidden, Inner, Inside};
use super::place::{Lines, Place};
use super::stretches::Stretch;
use crate::detector::{Detection, comments};
use quietus_model::{Comments, RuleId};
use std::ops::Range;
use std::sync::Arc;

/// One detection that counts, with its place.
pub(crate) struct Placed<'a> {
    pub(crate) detection: Arc<Detection>,
    pub(super) of: Of<'a>,
    pub(crate) place: Place,
    pub(crate) hidden: Option<Arc<Hidden>>,
    pub(crate) allowed: Comments,
    /// The other rules that claimed bytes of it.
    pub(crate) others: Vec<RuleId>,
}

/// What it was detected in.
pub(super) enum Of<'a> {
    /// The bytes as they are: the number of the detection.
    Plain(usize),
    Inner(&'a Inner),
}

/// A detection in the bytes as they are, and where its secret stands.
type Plain = (Arc<Detection>, Range<usize>);

/// Where something stands, the stretch and what is in it if that is where, and else the number of the
/// detection.
type Spot<'a> = (Range<usize>, Option<(&'a Stretch, &'a Inner)>, usize);

/// Everything that counts, by place; what lies in members comes last. Of bytes that are no text, only
/// what has a format counts. `original` leads from an offset here to the one that is told.
pub(super) fn place<'a>(
    bytes: &[u8],
    is_text: bool,
    reading: &'a Reading,
    opened: &'a Inside,
    original: &dyn Fn(usize) -> usize,
) -> Vec<Placed<'a>> {
    let plain: Vec<Plain> = reading.trace.detections().collect();
    let counts = |(detection, _): &Plain| is_text || detection.rule.judge.is_none();
    let mut is_kept: Vec<bool> = plain.iter().map(counts).collect();
    let inner = among_stretches(&reading.stretches, &plain, &mut is_kept, is_text);
    let mut spots: Vec<Spot<'_>> = Vec::new();
    let kept = plain.iter().enumerate().filter(|(at, _)| is_kept[*at]);
    spots.extend(kept.map(|(at, (_, span))| (span.clone(), None, at)));
    spots.extend(
        inner
            .into_iter()
            .map(|(stretch, inner)| (stretch.range.clone(), Some((stretch, inner)), usize::MAX)),
    );
    let secret = |spot: &Spot<'a>| match spot.1 {
        Some((_, inner)) => inner.detection.canonical().clone(),
        None => plain[spot.2].0.canonical().clone(),
    };
    // What lies bare in an archive is told by its place there; what lies bare in a document, by its
    // place in the file.
    let mut members: Vec<&Inner> = opened.found.iter().collect();
    if opened.is_archive {
        spots.retain(|spot| !members.iter().any(|one| *one.detection.canonical() == secret(spot)));
    } else if !members.is_empty() {
        let bare: Vec<_> = spots.iter().map(secret).collect();
        members.retain(|one| !bare.contains(one.detection.canonical()));
    }
    spots.sort_by_key(|(span, inner, at)| (span.start, inner.is_some(), *at));
    let mut lines = Lines::new(bytes);
    let bare = spots.into_iter().map(|(span, inner, at)| {
        let place = lines.place(&span, original);
        match inner {
            Some((stretch, inner)) => encoded(bytes, stretch, inner, place),
            None => {
                let detection = Arc::clone(&plain[at].0);
                let allowed = detection.allowed_inline;
                let others = reading.trace.others(at).to_vec();
                Placed { detection, of: Of::Plain(at), place, hidden: None, allowed, others }
            }
        }
    });
    let mut all: Vec<Placed<'a>> = bare.collect();
    all.extend(members.into_iter().map(|inner| Placed {
        detection: Arc::clone(&inner.detection),
        of: Of::Inner(inner),
        place: inner.place.clone(),
        hidden: Some(Arc::clone(&inner.hidden)),
        allowed: inner.allowed,
        others: inner.others.clone(),
    }));
    all
}

/// A detection in a stretch stands where the stretch does.
fn encoded<'a>(bytes: &[u8], stretch: &Stretch, inner: &'a Inner, place: Place) -> Placed<'a> {
    let mut layers = vec![super::Layer::Encoded(stretch.encoding)];
    layers.extend_from_slice(&inner.hidden.layers);
    Placed {
        detection: Arc::clone(&inner.detection),
        of: Of::Inner(inner),
        allowed: inner.allowed | comments::about(bytes, &stretch.range),
        others: inner.others.clone(),
        place,
        hidden: Some(Arc::new(Hidden { inside: String::new(), layers })),
    }
}

/// Which detections in stretches count beside those in the bytes as they are, and which of these do
/// not any more.
fn among_stretches<'a>(
    stretches: &'a [Stretch],
    plain: &[Plain],
    is_kept: &mut [bool],
    is_text: bool,
) -> Vec<(&'a Stretch, &'a Inner)> {
    let mut kept: Vec<(&Stretch, &Inner)> = Vec::new();
    for stretch in stretches {
        let touches =
            |span: &Range<usize>| span.start < stretch.range.end && stretch.range.start < span.end;
        let is_judged = |detection: &Detection| detection.rule.judge.is_some();
        let there: Vec<usize> =
            (0..plain.len()).filter(|at| is_kept[*at] && touches(&plain[*at].1)).collect();
        let is_said = |inner: &Inner| {
            let same = |at: &usize| plain[*at].0.secret == inner.detection.secret;
            let again = |(other, told): &(&Stretch, &Inner)| {
                told.detection.secret == inner.detection.secret && touches(&other.range)
            };
            there.iter().any(same) || kept.iter().any(again)
        };
        // A token may be encoded in part, as a JSON web token is: what has a format is the credential.
        let has_format = there.iter().any(|at| plain[*at].0.has_format());
        // The lines of an armour, and the key that they are: who found the armour has told of it.
        let is_armour = |at: &usize| {
            let (detection, span) = &plain[*at];
            let is_round = span.start <= stretch.range.start && stretch.range.end <= span.end;
            detection.has_format() && is_round && span.len() > stretch.range.len()
        };
        let is_binary = |inner: &Inner| str::from_utf8(inner.detection.secret.expose()).is_err();
        let is_armoured = |inner: &Inner| is_binary(inner) && there.iter().any(is_armour);
        let counts = |inner: &&Inner| {
            let is_weak = is_judged(&inner.detection);
            !is_said(inner) && !(is_weak && (!is_text || has_format)) && !is_armoured(inner)
        };
        let new: Vec<&Inner> = stretch.inside.found.iter().filter(counts).collect();
        if new.is_empty() {
            continue;
        }
        for at in there {
            let (detection, span) = &plain[at];
            let is_within = stretch.range.start <= span.start && span.end <= stretch.range.end;
            let still =
                || stretch.inside.found.iter().any(|one| one.detection.secret == detection.secret);
            // The same in an encoded form, or a value that turned out to be the encoding of another.
            let is_form = stretch.encoding.is_escaping() && is_within && !still();
            if is_form || (!stretch.encoding.is_escaping() && !detection.has_format()) {
                is_kept[at] = false;
            }
        }
        kept.extend(new.into_iter().map(|inner| (stretch, inner)));
    }
    kept
}
