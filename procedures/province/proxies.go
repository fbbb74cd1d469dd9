package province

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// maxForwarded bounds how many addresses of X-Forwarded-For are looked at.
const maxForwarded = 20

// proxies are the networks of reverse proxies whose X-Forwarded-For is believed.
type proxies []netip.Prefix

// parseProxies reads networks ("10.0.0.0/8") and single addresses.
func parseProxies(list []string) (proxies, error) {
	var out proxies
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil || a.Zone() != "" {
				return nil, fmt.Errorf("trusted_proxies: %q is no address or network (write 10.0.0.0/8)", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p proxies) trusts(a netip.Addr) bool {
	for _, n := range p {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// handler has next see the address of the browser in place of the proxy's, for
// limits and gateways: the nearest one in X-Forwarded-For that is no trusted
// proxy. What a browser writes there itself lies farther away and is never
// reached. No identity is taken from any header.
func (p proxies) handler(next http.Handler) http.Handler {
	if len(p) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := p.browser(r); a.IsValid() {
			seen := *r
			seen.RemoteAddr = net.JoinHostPort(a.String(), "0")
			r = &seen
		}
		next.ServeHTTP(w, r)
	})
}

// browser is the address the proxies vouch for; none where no proxy asks.
func (p proxies) browser(r *http.Request) (found netip.Addr) {
	peer, ok := address(r.RemoteAddr)
	if !ok || !p.trusts(peer) {
		return found
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= max(0, len(hops)-maxForwarded); i-- {
		a, ok := address(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		if found = a; !p.trusts(a) {
			break
		}
	}
	return found
}

// address reads an address with or without a port.
func address(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err == nil
}
