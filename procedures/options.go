package procedures

// Options are what a province adds to reading and checking; nil means the
// library's own.
type Options struct {
	// Bindings lists what YAML may name; nil = [StandardBindings].
	Bindings *BindingsDoc
	// Statuses is the national list; nil = the folder's statuses.yaml, else [Statuses].
	Statuses *StatusTable
}

func (o *Options) bindings() *BindingsDoc {
	if o == nil || o.Bindings == nil {
		return StandardBindings()
	}
	return o.Bindings
}

func (o *Options) statuses() *StatusTable {
	if o == nil || o.Statuses == nil {
		return Statuses()
	}
	return o.Statuses
}
