//! Private keys that certificates were issued for: until when these count, and who shows one.

use super::{Validator, target};
use crate::certificate::{self, Certificate};
use crate::endpoint::Endpoint;
use crate::plan::PlannedCall;
use quietus_model::{
    Binding, Control, Digest, Doubt, Hit, Identity, Judgement, Observation, Rule, SafeText, Verdict,
};

/// The kind of issuer that stands for certificates: under it the user lists the servers that may be
/// asked whether they show one.
pub(crate) const ISSUER: &str = "x509";

/// The clause that evidence quotes.
const CLAUSE: &str = "the server shows a certificate for this key";

impl Validator {
    /// What certificates tell of the key of `hit`: one judgement of those that are known, and one of
    /// each server that the user lists. None of them is a denial.
    pub(super) async fn certified(&self, rule: &Rule, hit: &Hit) -> Vec<Judgement> {
        if !is_key(rule) || hit.secret.is_empty() {
            return Vec::new();
        }
        let mut judgements = Vec::new();
        if let Some(known) = certificate::of(hit, &self.certificates) {
            let at = known.until;
            let is_over = at <= self.now();
            let doubt =
                if is_over { Doubt::Expired { at } } else { Doubt::Certified { until: at } };
            judgements.push(self.judged("", Binding::Unbound, Verdict::Indeterminate(doubt)));
        }
        let listed = self.configured.listed.get(ISSUER).map_or(&[][..], Vec::as_slice);
        let Some(public) = certificate::public_half(&hit.secret).filter(|_| !listed.is_empty())
        else {
            return judgements;
        };
        let instances: Vec<String> = listed.iter().map(|one| one.text().to_owned()).collect();
        for endpoint in listed {
            let verdict = self.shown(endpoint, &public).await;
            if self.is_unheard(&verdict) {
                continue;
            }
            let binding = Binding::Listed { instances: instances.clone() };
            judgements.push(self.judged(endpoint.text(), binding, verdict));
        }
        judgements
    }

    /// Whether a server shows a certificate for this key. Nothing of the key is sent.
    async fn shown(&self, endpoint: &Endpoint, public: &[u8]) -> Verdict {
        let shown = match self.transport.certificate(endpoint).await {
            Ok(der) => Certificate::read(&der),
            Err(failure) => return Verdict::Indeterminate(super::asking::doubt(failure)),
        };
        let code = match shown {
            Some(shown) if shown.key == public => {
                return Verdict::Live(self.seen_in_use(&shown));
            }
            Some(_) => "TLS with another key",
            None => "TLS with a certificate that cannot be read",
        };
        Verdict::Indeterminate(Doubt::Unread { code: code.to_owned() })
    }

    fn seen_in_use(&self, shown: &Certificate) -> Observation {
        Observation {
            recipe: Digest::of(CLAUSE.as_bytes()),
            custom: false,
            unpaired: false,
            status: 0,
            code: Some(SafeText::plain("TLS")),
            clause: CLAUSE.to_owned(),
            restricted: false,
            request_id: None,
            issuer_date: None,
            identity: Identity {
                expires: Some(SafeText::plain(shown.until.to_string())),
                ..Identity::default()
            },
            control: Control::NotSent,
            known_good: false,
            vantage: self.vantage.clone(),
            tool: self.tool.clone(),
        }
    }

    /// The connections that asking about one key would make.
    pub(super) fn plan_certified(&self, rule: &Rule) -> Vec<PlannedCall> {
        let listed = self.configured.listed.get(ISSUER).map_or(&[][..], Vec::as_slice);
        let calls = listed.iter().filter(|_| is_key(rule)).filter_map(|endpoint| {
            let origin = endpoint.origin()?;
            Some(PlannedCall {
                rule: rule.id.clone(),
                issuer: ISSUER.to_owned(),
                host: origin.to_string(),
                port: origin.port,
                method: "TLS",
                url: endpoint.text().to_owned(),
                headers: Vec::new(),
                control: false,
                custom: false,
            })
        });
        calls.collect()
    }

    fn judged(&self, endpoint: &str, binding: Binding, verdict: Verdict) -> Judgement {
        Judgement { target: target(ISSUER, endpoint), binding, at: self.now(), verdict }
    }
}

/// Whether the secret of a rule is a private key that certificates may be issued for: then one may
/// stand near it.
pub(super) fn is_key(rule: &Rule) -> bool {
    rule.companions.iter().any(|part| part.name == certificate::PART)
}
