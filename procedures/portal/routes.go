package portal

import (
	"net/http"
	"slices"
	"strings"
)

// access says for whom a page is.
type access int

const (
	anybody  access = iota // no sign-in needed
	signedIn               // any person
	citizen
	official
)

// route is one page. Paths are without the prefix of a language.
type route struct {
	method, path string
	who          access
	do           func(*request) error

	parts   []string
	handler http.Handler
}

func (p *Portal) table() []*route {
	get, post := http.MethodGet, http.MethodPost
	list := []*route{
		{method: get, path: "/", do: p.home},
		{method: get, path: "/thu-tuc/{code}", do: p.procedurePage},
		{method: get, path: "/ho-so", who: citizen, do: p.mine},
		{method: get, path: "/ho-so/moi/{code}", who: citizen, do: p.newDraft},
		{method: post, path: "/ho-so/moi/{code}", who: citizen, do: p.postNewDraft},
		{method: get, path: "/ho-so/{id}", who: citizen, do: p.dossier},
		{method: get, path: "/ho-so/{id}/sua", who: citizen, do: p.editDraft},
		{method: post, path: "/ho-so/{id}/sua", who: citizen, do: p.postDraft},
		{method: get, path: "/ho-so/{id}/kiem-tra", who: citizen, do: p.checkDraft},
		{method: post, path: "/ho-so/{id}/buoc", who: citizen, do: p.citizenStep},
		{method: get, path: "/can-bo", who: official, do: p.inbox},
		{method: get, path: "/can-bo/ho-so/{id}", who: official, do: p.officialCase},
		{method: post, path: "/can-bo/ho-so/{id}/ban-quet", who: official, do: p.offerScan},
		{method: post, path: "/can-bo/ho-so/{id}/buoc", who: official, do: p.officialStep},
		{method: post, path: "/can-bo/ho-so/{id}/ky", who: official, do: p.sign},
		{method: get, path: "/giay-to/{dossier}/{paper}", who: signedIn, do: p.download},
		{method: get, path: "/tra-cuu", do: p.lookUp},
		{method: post, path: "/tra-cuu", do: p.postLookUp},
		{method: get, path: "/nhat-ky", who: signedIn, do: p.journal},
	}
	if p.Verify != nil {
		list = append(list, &route{method: get, path: "/kiem-tra", do: p.verify}, &route{method: post, path: "/kiem-tra", do: p.postVerify})
	}
	if p.Pay != nil {
		list = append(list, &route{method: post, path: "/ho-so/{id}/thanh-toan", who: citizen, do: p.pay},
			&route{method: get, path: "/thanh-toan/ve", do: p.payReturn},
			&route{method: post, path: "/can-bo/ho-so/{id}/thu-tien", who: official, do: p.cash})
		if _, ok := p.Pay.(Exceptions); ok {
			list = append(list, &route{method: post, path: "/can-bo/ho-so/{id}/khoan-tien/{exception}", who: official, do: p.exception})
		}
		if _, ok := p.Pay.(Refresher); ok {
			list = append(list, &route{method: post, path: "/ho-so/{id}/thanh-toan/xem-lai", who: citizen, do: p.payRefresh})
		}
	}
	for _, r := range list {
		r.parts = strings.Split(r.path, "/")
	}
	return list
}

// find returns the route of a path and method and, when only the method is
// wrong, the methods there are. The first that fits counts.
func (p *Portal) find(r *http.Request) (*route, []string) {
	if len(r.URL.Path) > 500 {
		return nil, nil
	}
	parts := strings.Split(r.URL.Path, "/")
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allowed []string
	var shape string
	for _, rt := range p.routes {
		if !rt.fits(parts) || shape != "" && shape != rt.path {
			continue
		}
		shape = rt.path
		if rt.method != method {
			allowed = append(allowed, rt.method)
			if rt.method == http.MethodGet {
				allowed = append(allowed, http.MethodHead)
			}
			continue
		}
		for i, part := range rt.parts {
			if strings.HasPrefix(part, "{") {
				r.SetPathValue(strings.Trim(part, "{}"), parts[i])
			}
		}
		return rt, nil
	}
	slices.Sort(allowed)
	return nil, allowed
}

// isID says whether a part of a path can name anything: ids, codes and kinds are
// visible ASCII, and a database would refuse other bytes with a fault.
func isID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= 200
}

func (r *route) fits(parts []string) bool {
	if len(parts) != len(r.parts) {
		return false
	}
	for i, part := range r.parts {
		if strings.HasPrefix(part, "{") {
			if parts[i] == "" || !isID(parts[i]) {
				return false
			}
		} else if part != parts[i] {
			return false
		}
	}
	return true
}
