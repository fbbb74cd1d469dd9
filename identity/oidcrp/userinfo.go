package oidcrp

import (
	"context"
	"slices"
)

// addUserInfo adds claims the ID token lacks. A claim of the token is never
// overridden, protocol claims never come from here, and another subject's answer
// is refused. A signed answer is not asked for and not accepted.
func (p *Provider) addUserInfo(ctx context.Context, m *metadata, id *Identity, access string) error {
	if m.UserInfoURL == "" {
		return unavailable("provider %s announces no userinfo endpoint (switch UserInfo off)", p.cfg.Issuer)
	}
	data, err := getJSON(ctx, p.o.HTTP, m.UserInfoURL, access, "application/json")
	if err != nil {
		return err
	}
	info, err := parseObject(data)
	if err != nil {
		return refuse("userinfo_form", "userinfo: %v", err)
	}
	if sub, _ := info["sub"].(string); sub != id.Subject {
		return refuse("userinfo_sub", "userinfo speaks of another subject")
	}
	for name, v := range info {
		if _, has := id.Claims[name]; !has && !slices.Contains(wireClaims, foldName(name)) {
			id.Claims[name] = v
		}
	}
	return nil
}
