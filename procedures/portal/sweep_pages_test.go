package portal_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// at is the page of a dossier that has come to a state.
func at(state string, page func(a *acted) visit) visited {
	return func(_ *testing.T, b *swept, key string) sqltest.Use { return b.use(page(b.come(key, state))) }
}

// pages are what can be looked at.
var pages = map[string]visited{
	"mine":                       at("draft", func(*acted) visit { return get("lan", "/ho-so", 200) }),
	"one group of mine":          at("draft", func(*acted) visit { return get("lan", "/ho-so?nhom=luu-tam", 200) }),
	"dossier":                    at("requested", func(a *acted) visit { return get("lan", a.citizen(""), 200) }),
	"no dossier":                 at("draft", func(a *acted) visit { return get("minh", a.citizen(""), 404) }),
	"draft":                      at("draft", func(a *acted) visit { return get("lan", a.citizen("/sua"), 200) }),
	"draft that is filed":        at("requested", func(a *acted) visit { return get("lan", a.citizen("/sua"), 303) }),
	"check":                      at("draft", func(a *acted) visit { return get("lan", a.citizen("/kiem-tra"), 200) }),
	"inbox":                      at("requested", func(*acted) visit { return get("hoa", "/can-bo", 200) }),
	"inbox of a state":           at("requested", func(*acted) visit { return get("hoa", "/can-bo?trang-thai=requested&don-vi="+unitA, 200) }),
	"official's search":          at("requested", func(a *acted) visit { return get("hoa", "/can-bo?ma="+a.Code, 303) }),
	"official's search in vain":  at("requested", func(a *acted) visit { return get("xuan", "/can-bo?ma="+a.Code, 404) }),
	"official's search of a NUL": at("requested", func(*acted) visit { return get("hoa", "/can-bo?ma=H%00", 404) }),
	"case":                       at("requested", func(a *acted) visit { return get("hoa", a.official(""), 200) }),
	"no case":                    at("draft", func(a *acted) visit { return get("hoa", a.official(""), 404) }),
	"return from the gateway": at("signing", func(a *acted) visit {
		return get("lan", "/thanh-toan/ve?ho-so="+string(a.Dossier.ID), 200)
	}),
	"return to another's fee": at("signing", func(a *acted) visit {
		return get("minh", "/thanh-toan/ve?ho-so="+string(a.Dossier.ID), 200)
	}),
	"paper":                   paper("lan", http.MethodGet),
	"another's paper":         paper("hoa", http.MethodGet), // which is written down
	"head of another's paper": paper("hoa", http.MethodHead),
	"no paper":                at("compared", func(a *acted) visit { return get("lan", "/giay-to/"+string(a.Dossier.ID)+"/x", 404) }),
	"auditor's journal":       opened("tra"),
	"citizen's journal":       opened("lan"),
	"look-up": at("requested", func(a *acted) visit {
		return post("", "/tra-cuu", url.Values{"ma": {a.Code}, "ma-tra-cuu": {a.LookUpCode}}, 200)
	}),
	"look-up in vain": at("requested", func(a *acted) visit {
		return post("", "/tra-cuu", url.Values{"ma": {a.Code}, "ma-tra-cuu": {"AAAAAAAA"}}, 422)
	}),
	"signed file": func(t *testing.T, b *swept, key string) sqltest.Use {
		return b.use(sending(t, "", "/kiem-tra", key, "valid", 200))
	},
}

func paper(who, method string) visited {
	return at("compared", func(a *acted) visit {
		return visit{who: who, method: method, path: "/giay-to/" + string(a.Dossier.ID) + "/" + a.Papers[0].ID, want: 200}
	})
}

// opened is the journal once an official has opened a paper.
func opened(who string) visited {
	return func(t *testing.T, b *swept, key string) sqltest.Use {
		require.NoError(t, paper("hoa", http.MethodGet)(t, b, key)(t.Context()))
		return b.use(get(who, "/nhat-ky", 200))
	}
}

// steps are forms that change something each time.
var steps = map[string]visited{
	"new draft": func(_ *testing.T, b *swept, key string) sqltest.Use {
		return b.use(post("lan", "/ho-so/moi/"+procedure, url.Values{"unit": {unitA}, "document_name": {"Bằng"}, "key": {key}}, 303))
	},
	"changed draft": at("draft", func(a *acted) visit {
		return post("lan", a.citizen("/sua"), url.Values{"unit": {unitA}, "document_name": {"Sổ"}, "revision": {"1"}}, 303)
	}),
	"citizen's step":  at("draft", func(a *acted) visit { return post("lan", a.citizen("/buoc"), a.step("request"), 303) }),
	"official's step": at("requested", func(a *acted) visit { return post("hoa", a.official("/buoc"), a.step("receive"), 303) }),
	"cash":            at("awaiting_fee", func(a *acted) visit { return post("thu", a.official("/thu-tien"), a.step("take_cash"), 303) }),
}

// again are forms that were sent before, or that change nothing.
var again = map[string]visited{
	"draft sent twice": at("draft", func(a *acted) visit {
		return post("lan", "/ho-so/moi/"+procedure, url.Values{"unit": {unitA}, "document_name": {"Bằng"}, "key": {a.key + " 2"},
			"next": {"continue"}}, 422)
	}),
	"draft sent once filed": at("requested", func(a *acted) visit {
		return post("lan", "/ho-so/moi/"+procedure, url.Values{"unit": {unitA}, "key": {a.key}}, 303)
	}),
	"draft changed elsewhere": at("draft", func(a *acted) visit {
		return post("lan", a.citizen("/sua"), url.Values{"unit": {unitA}, "document_name": {"Sổ"}, "revision": {"7"}}, 409)
	}),
	"request of an unfinished form": func(_ *testing.T, b *swept, key string) sqltest.Use {
		a := b.saved(key, `{}`)
		return b.use(post("lan", a.citizen("/buoc"), a.step("request"), 422))
	},
	"citizen's step without right": at("requested", func(a *acted) visit { return post("lan", a.citizen("/buoc"), a.step("receive"), 403) }),
	"step without a reason":        at("requested", func(a *acted) visit { return post("hoa", a.official("/buoc"), a.step("refuse"), 422) }),
	"step of another role": at("requested", func(a *acted) visit {
		return post("quang", a.official("/buoc"), a.step("receive"), 403)
	}),
	"step at a version that is past": at("requested", func(a *acted) visit {
		return post("hoa", a.official("/buoc"), a.step("receive", "version", "1"), 409)
	}),
	"step taken twice": at("requested", func(a *acted) visit {
		a.do("hoa", "receive", func(act *desk.Act) { act.Key = "receive " + a.key })
		return post("hoa", a.official("/buoc"), a.step("receive"), 303)
	}),
	"key of another step": at("requested", func(a *acted) visit {
		a.do("hoa", "ask_supplement", func(act *desk.Act) { act.Key, act.Reason = "ask_supplement "+a.key, "Mờ" })
		return post("hoa", a.official("/buoc"), a.step("ask_supplement", "reason", "Thiếu"), 409)
	}),
	"scan": func(t *testing.T, b *swept, key string) sqltest.Use {
		return b.use(sending(t, "quang", b.come(key, "received").official("/ban-quet"), key, "%PDF", 303))
	},
	"scan that is none": func(t *testing.T, b *swept, key string) sqltest.Use {
		return b.use(sending(t, "quang", b.come(key, "received").official("/ban-quet"), key, "JPEG", 422))
	},
	"another scan": func(t *testing.T, b *swept, key string) sqltest.Use {
		return b.use(sending(t, "quang", b.come(key, "compared").official("/ban-quet"), key, "%PDF another", 403))
	},
	"signature": func(_ *testing.T, b *swept, key string) sqltest.Use {
		a := b.come(key, "signing")
		sign := b.use(post("quang", a.official("/ky"), a.step(desk.StepSign), 303))
		return func(ctx context.Context) error {
			b.reg.lines[a.Dossier.ID].Next = desk.NextOfficial
			return sign(ctx)
		}
	},
	"signature made before": at("signing", func(a *acted) visit {
		a.b.reg.lines[a.Dossier.ID].Next = desk.NextAgency
		return post("quang", a.official("/ky"), a.step(desk.StepSign), 303)
	}),
	"signature out of turn": at("signing", func(a *acted) visit { return post("thu", a.official("/ky"), a.step(desk.StepSeal), 403) }),
	"signature at a version that is past": at("signing", func(a *acted) visit {
		return post("quang", a.official("/ky"), a.step(desk.StepSign, "version", "1"), 409)
	}),
	"payment":             at("awaiting_fee", func(a *acted) visit { return post("lan", a.citizen("/thanh-toan"), a.step("pay"), 303) }),
	"payment of no fee":   at("requested", func(a *acted) visit { return post("lan", a.citizen("/thanh-toan"), a.step("pay"), 409) }),
	"look at the payment": at("awaiting_fee", func(a *acted) visit { return post("lan", a.citizen("/thanh-toan/xem-lai"), nil, 303) }),
	"cash without right":  at("awaiting_fee", func(a *acted) visit { return post("hoa", a.official("/thu-tien"), a.step("take_cash"), 403) }),
	"cash taken before":   at("signing", func(a *acted) visit { return post("thu", a.official("/thu-tien"), a.step("take_cash"), 303) }),
}
