package procedures

import (
	"slices"
	"strconv"
	"strings"
)

// The checks below meet one entry of an overlay each. path holds its keys.

func (c *overlaying) baseAt(path []string) *node { return c.base.root.path(path...) }

// superset lets a list grow and never shrink.
func (c *overlaying) superset(path []string, e entry) {
	have := e.value.strings()
	for _, old := range c.baseAt(path).strings() {
		if !slices.Contains(have, old) {
			c.refuse(e, "overlay-removes", "list what the base lists, and more if you wish", "%s no longer holds %q",
				strings.Join(path, "."), old)
		}
	}
}

func (c *overlaying) supersetOf(path []string, e entry) {
	c.component(path, e)
	c.superset(path, e)
}

// existing lets a thing be changed that the base has, and no new one be made.
func (c *overlaying) existing(path []string, e entry) {
	if c.baseAt(path[:min(len(path), depthOf(path))]) == nil {
		c.refuse(e, "overlay-new", "leave it out", "%s is not in the base", strings.Join(path, "."))
	}
}

// depthOf is how many keys name the thing itself: form.fields.x, terms.x.
func depthOf(path []string) int {
	if path[0] == "form" {
		return 3
	}
	return 2
}

// onlyNew lets entries be added, and none of the base's be changed.
func (c *overlaying) onlyNew(path []string, e entry) {
	if c.baseAt(path[:2]) != nil {
		c.refuse(e, "overlay-forbidden", "add an entry of another name", "%s is the base's own", strings.Join(path[:2], "."))
	}
}

func (c *overlaying) component(path []string, e entry) {
	if c.baseAt(path[:2]) == nil {
		c.refuse(e, "overlay-component", "ask only for papers the base lists", "the base knows no paper %q", path[1])
	}
}

func (c *overlaying) optional(path []string, e entry) {
	c.component(path, e)
	if old := c.baseAt(path); e.value.value == "true" && (old == nil || old.value != "true") {
		c.refuse(e, "overlay-component", "leave it optional", "the base does not require the paper %q", path[1])
	}
}

// mode lets a paper become easier for the citizen: file, show, lookup.
func (c *overlaying) mode(path []string, e entry) {
	c.component(path, e)
	order := []string{ModeFile, ModeShow, ModeLookup}
	if old := c.baseAt(path); old != nil && slices.Index(order, e.value.value) < slices.Index(order, old.value) {
		c.refuse(e, "overlay-component", "keep it, or ask for less: file, show, lookup", "the paper %q becomes harder to give", path[1])
	}
}

func (c *overlaying) assurance(path []string, e entry) {
	old := c.baseAt(path)
	if old == nil {
		return
	}
	a, _ := strconv.Atoi(old.value)
	if b, err := strconv.Atoi(e.value.value); err != nil || b > a {
		c.refuse(e, "overlay-assurance", "keep the level or lower it",
			"channel %s asks for a higher identity level than the base", path[2])
	}
}

// fee lets a council set the rates the law leaves to it.
func (c *overlaying) fee(path []string, e entry) {
	switch base := c.baseAt(path[:2]); {
	case base == nil:
		c.refuse(e, "overlay-fee", "take only fees the base names", "the base knows no fee %q", path[1])
	case base.get("set_by") == nil || base.get("set_by").value != "council":
		c.refuse(e, "overlay-fee", "leave it out", "the fee %q is not the council's to set", path[1])
	case len(path) > 2 && path[2] != "rates":
		c.refuse(e, "overlay-fee", "set rates only", "the fee's %s is the base's", path[2])
	}
}

// stateKey lets a new state in, and of an old one the name and budget change.
func (c *overlaying) stateKey(path []string, e entry) {
	if !c.machine(path, e) || c.baseAt(path[:2]) == nil {
		return
	}
	c.keys(path, e, func(key string, v entry) {
		if key != "name" && key != "budget" {
			c.refuse(v, "overlay-state", "change its name or budget only", "state %s: %s is the base's", path[1], key)
		}
	})
}

// stepKey lets a new step in; of an old one the name, more guards, effects and
// other roles; what carries legal weight keeps its way and loses no role's limit.
func (c *overlaying) stepKey(path []string, e entry) {
	base := c.baseAt(path[:2])
	if !c.machine(path, e) || base == nil {
		return
	}
	legal := base.get("law") != nil
	c.keys(path, e, func(key string, v entry) {
		full := append(slices.Clone(path[:2]), key)
		switch {
		case key == "name":
		case key == "guards" || key == "effects":
			c.superset(full, v)
		case key == "roles" && legal:
			for _, r := range v.value.strings() {
				if !slices.Contains(base.get("roles").strings(), r) {
					c.refuse(v, "overlay-legal", "take some of the base's roles",
						"step %s carries legal weight; the role %q is not the base's", path[1], r)
				}
			}
		case key == "roles":
		case key == "reason" && v.value.value == "true":
		case (key == "from" || key == "to") && !legal:
		case legal:
			c.refuse(v, "overlay-legal", "leave it out", "step %s carries legal weight; its %s is the base's", path[1], key)
		default:
			c.refuse(v, "overlay-step", "change name, roles, guards, effects, from or to only", "step %s: %s is the base's", path[1], key)
		}
	})
}

// keys walks the keys of the thing named by path[:2], whether the entry is that
// thing or one of its keys.
func (c *overlaying) keys(path []string, e entry, fn func(string, entry)) {
	if len(path) > 2 {
		fn(path[2], e)
		return
	}
	for _, v := range e.value.entries {
		fn(v.key, v)
	}
}

// machine refuses changes of states and steps below the province: all communes
// of a province run one machine, so that dossiers can be handed over.
func (c *overlaying) machine(path []string, e entry) bool {
	if c.ov.Layer != CommuneLayer {
		return true
	}
	c.refuse(e, "overlay-commune", "say it in the province's overlay", "a commune's overlay may not change %s", path[0])
	return false
}
