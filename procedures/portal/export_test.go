package portal

// Routes lists the pages as "METHOD /path", so that a test can prove it has seen
// them all.
func Routes(p *Portal) []string {
	var out []string
	for _, r := range p.routes {
		out = append(out, r.method+" "+r.path)
	}
	return out
}
