//! Which instances are asked about a credential, and whether a denial by them may count.

use crate::endpoint::{Endpoint, Origin};
use crate::settings::Configured;
use quietus_model::{Binding, Recipe};

/// One instance to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) endpoint: Endpoint,
    pub(crate) binding: Binding,
    /// It is an override of the user.
    pub(crate) custom: bool,
}

/// The instances to ask by `recipe`; none when only configuration or a person could name one.
///
/// `bound` are those that a person bound this one credential to. They are asked beside the others;
/// that their denial may count is what the person said, and nothing that is known here.
///
/// `named_hosts` are hosts that the credential names for itself, where the recipe's endpoint is a
/// template. Such a host is content of a scanned repository: it is never asked unless the user
/// lists it, and when it is not listed, the list cannot be all there is, so it binds nothing.
pub(crate) fn instances(
    recipe: &Recipe,
    configured: &Configured,
    named_hosts: &[String],
    bound: &[Endpoint],
) -> Vec<Instance> {
    let listed = configured.listed.get(&recipe.issuer).map_or(&[][..], Vec::as_slice);
    let over = configured.overrides.get(&recipe.issuer);
    let named_is_listed = |host: &String| {
        let origins = listed.iter().filter_map(Endpoint::origin);
        origins.into_iter().any(|origin| origin.host.eq_ignore_ascii_case(host))
    };
    let complete = named_hosts.is_empty() || named_hosts.iter().all(named_is_listed);
    let binding = if complete {
        Binding::Listed { instances: listed.iter().map(|e| e.text().to_owned()).collect() }
    } else {
        Binding::Unbound
    };
    let public: Vec<Endpoint> = public_endpoints(recipe).collect();
    // A kind with one issuer in the world has no instances; another place to ask is the user's own
    // idea.
    let is_custom = |endpoint: &Endpoint| {
        Some(endpoint) == over
            || (!recipe.self_hosted && !public.is_empty() && !public.contains(endpoint))
    };
    let mut asked: Vec<Instance> = listed
        .iter()
        .map(|endpoint| Instance {
            endpoint: endpoint.clone(),
            binding: binding.clone(),
            custom: is_custom(endpoint),
        })
        .collect();
    if let Some(endpoint) = over.filter(|endpoint| !listed.contains(endpoint)) {
        asked.push(Instance {
            endpoint: endpoint.clone(),
            binding: Binding::Unbound,
            custom: true,
        });
    }
    // What says that it was given out elsewhere is not shown here.
    if asked.is_empty() && named_hosts.is_empty() {
        asked.extend(public.iter().map(|endpoint| Instance {
            endpoint: endpoint.clone(),
            binding: if recipe.self_hosted { Binding::Unbound } else { Binding::SoleIssuer },
            custom: false,
        }));
    }
    for endpoint in bound {
        if asked.iter().all(|instance| instance.endpoint != *endpoint) {
            asked.push(Instance {
                endpoint: endpoint.clone(),
                binding: Binding::Unbound,
                custom: is_custom(endpoint),
            });
        }
    }
    asked
}

/// The endpoints that the rule itself names, its own first; none when it has only a template.
pub(crate) fn public_endpoints(recipe: &Recipe) -> impl Iterator<Item = Endpoint> {
    let all = std::iter::once(&recipe.endpoint).chain(&recipe.partitions);
    all.filter(|text| !text.contains('{')).filter_map(|text| Endpoint::https(text).ok())
}

/// Every origin that rules and settings name. Nothing else is ever connected to: whoever may write
/// to the ledger can bind a credential to a host, and must not learn it by that.
pub(crate) fn origins<'a>(
    recipes: impl Iterator<Item = &'a Recipe>,
    configured: &Configured,
) -> impl Iterator<Item = Origin> {
    let listed = configured.listed.values().flatten().cloned();
    let overrides = configured.overrides.values().cloned();
    let hosts = configured.hosts.iter().cloned();
    let public: Vec<_> = recipes.flat_map(public_endpoints).collect();
    let all: Vec<Endpoint> = listed.chain(overrides).chain(hosts).chain(public).collect();
    all.into_iter().filter_map(|endpoint| endpoint.origin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn asked(
        self_hosted: bool,
        endpoint: &str,
        listed: &[&str],
        over: Option<&str>,
        named: &[&str],
    ) -> Vec<(String, Binding, bool)> {
        let mut recipe = crate::reading::tests::recipe();
        recipe.self_hosted = self_hosted;
        recipe.endpoint = endpoint.into();
        let mut settings = Settings::default();
        if !listed.is_empty() {
            let urls = listed.iter().map(|url| (*url).to_owned()).collect();
            settings.instances.insert(recipe.issuer.clone(), urls);
        }
        if let Some(over) = over {
            settings.endpoints.insert(recipe.issuer.clone(), over.to_owned());
        }
        let configured = Configured::read(&settings).unwrap();
        let named: Vec<String> = named.iter().map(|host| (*host).to_owned()).collect();
        instances(&recipe, &configured, &named, &[])
            .into_iter()
            .map(|i| (i.endpoint.text().to_owned(), i.binding, i.custom))
            .collect()
    }

    const PUBLIC: &str = "https://x.org";

    #[test]
    fn every_partition_is_asked_and_has_to_deny() {
        let mut recipe = crate::reading::tests::recipe();
        recipe.endpoint = PUBLIC.into();
        recipe.partitions = vec!["https://x.cn".into(), "https://gov.x.org".into()];
        let asked = instances(&recipe, &Configured::default(), &[], &[]);
        let named: Vec<_> = asked.iter().map(|i| (i.endpoint.text(), &i.binding)).collect();
        let sole = Binding::SoleIssuer;
        let expected = [(PUBLIC, &sole), ("https://x.cn", &sole), ("https://gov.x.org", &sole)];
        assert_eq!(named, expected);
        assert_eq!(origins([&recipe].into_iter(), &Configured::default()).count(), 3);
    }

    #[test]
    fn a_denial_counts_only_where_the_issuer_is_certain() {
        let sole = asked(false, PUBLIC, &[], None, &[]);
        assert_eq!(sole, [(PUBLIC.into(), Binding::SoleIssuer, false)]);
        let hosted = asked(true, PUBLIC, &[], None, &[]);
        assert_eq!(hosted, [(PUBLIC.into(), Binding::Unbound, false)]);
        let over = asked(false, PUBLIC, &[], Some("http://localhost:1"), &[]);
        assert_eq!(over, [("http://localhost:1".into(), Binding::Unbound, true)]);
        assert!(asked(true, "", &[], None, &[]).is_empty());
        assert!(asked(true, "https://{host}", &[], None, &["evil.org"]).is_empty());
    }

    #[test]
    fn every_listed_instance_is_asked_and_named_in_the_binding() {
        let both = ["https://b.corp/api", "https://a.corp"];
        let instances = vec!["https://a.corp".to_owned(), "https://b.corp/api".to_owned()];
        let listed = Binding::Listed { instances };
        let asked_all = asked(true, PUBLIC, &both, Some("https://b.corp/api/"), &[]);
        assert_eq!(
            asked_all,
            [
                ("https://a.corp".into(), listed.clone(), false),
                ("https://b.corp/api".into(), listed.clone(), true),
            ]
        );
        let other = asked(true, PUBLIC, &both, Some("https://c.corp"), &[]);
        assert_eq!(other.len(), 3);
        assert_eq!(other[2], ("https://c.corp".into(), Binding::Unbound, true));
        let named = asked(true, "https://{host}", &both, None, &["A.corp"]);
        assert!(named.iter().all(|(_, binding, _)| *binding == listed));
    }

    #[test]
    fn a_host_beside_the_credential_that_is_not_listed_unbinds_the_list() {
        let named = asked(true, "https://{host}", &["https://a.corp"], None, &["z.corp"]);
        assert_eq!(named, [("https://a.corp".into(), Binding::Unbound, false)]);
    }

    #[test]
    fn where_a_person_bound_it_is_asked_beside_the_others() {
        let mut recipe = crate::reading::tests::recipe();
        (recipe.self_hosted, recipe.endpoint) = (true, PUBLIC.into());
        let own = Endpoint::https("https://own.corp").unwrap();
        let public = Endpoint::https(PUBLIC).unwrap();
        let none = Configured::default();
        let asked = |bound: &[Endpoint], recipe: &Recipe| {
            let asked = instances(recipe, &none, &[], bound).into_iter();
            asked.map(|i| (i.endpoint.text().to_owned(), i.custom)).collect::<Vec<_>>()
        };
        let both = [(PUBLIC.to_owned(), false), ("https://own.corp".to_owned(), false)];
        assert_eq!(asked(std::slice::from_ref(&own), &recipe), both);
        assert_eq!(asked(&[public], &recipe), both[..1]);
        // Elsewhere than at the one issuer of its kind: that is the person's own idea.
        recipe.self_hosted = false;
        assert_eq!(asked(std::slice::from_ref(&own), &recipe)[1], (own.text().to_owned(), true));
        // Binding a credential somewhere names no host that may be connected to.
        assert_eq!(origins([&recipe].into_iter(), &none).count(), 1);
    }
}
