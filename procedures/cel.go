package procedures

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Limits of one expression: its length in characters, its nesting, and the cost
// of one evaluation in CEL's units (an operation costs about one).
const (
	maxExpression     = 500
	maxExpressionDeep = 32
	maxExpressionCost = 2_000
)

// expression is a compiled CEL expression; safe for concurrent use.
type expression struct {
	text string
	prog cel.Program
}

func feeFunctionNames() []string { return []string{"min", "max"} }

// expressions compiles against the facts of one procedure. There are no macros,
// hence no loops, and no double: money and counts are whole numbers.
type expressions struct{ env *cel.Env }

func newExpressions(facts []Fact) (*expressions, error) {
	opts := []cel.EnvOption{
		cel.ClearMacros(),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ParserRecursionLimit(maxExpressionDeep),
		binaryInt("min", func(a, b int64) int64 { return min(a, b) }),
		binaryInt("max", func(a, b int64) int64 { return max(a, b) }),
	}
	for _, f := range append([]Fact{channelFact}, facts...) {
		t := cel.IntType
		switch f.Kind {
		case "choice":
			t = cel.StringType
		case "bool":
			t = cel.BoolType
		}
		opts = append(opts, cel.Variable(f.Name, t))
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("procedures: expression environment: %w", err)
	}
	return &expressions{env}, nil
}

func binaryInt(name string, fn func(a, b int64) int64) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_int_int", []*cel.Type{cel.IntType, cel.IntType}, cel.IntType,
		cel.BinaryBinding(func(a, b ref.Val) ref.Val {
			x, okx := a.(types.Int)
			y, oky := b.(types.Int)
			if !okx || !oky {
				return types.NewErr("%s takes two whole numbers", name)
			}
			return types.Int(fn(int64(x), int64(y)))
		})))
}

// compile checks that the expression has the wanted type and holds no double
// anywhere. The error is a sentence for a finding.
func (x *expressions) compile(text string, want *cel.Type) (*expression, error) {
	ast, iss := x.env.Compile(text)
	if iss.Err() != nil { // nil issues have no error
		return nil, fmt.Errorf("%s", firstIssue(iss))
	}
	if !ast.OutputType().IsExactType(want) {
		return nil, fmt.Errorf("the expression gives %s, not %s", ast.OutputType(), want)
	}
	for _, t := range ast.NativeRep().TypeMap() {
		if t.IsExactType(cel.DoubleType) {
			return nil, fmt.Errorf("the expression uses a number with a fraction")
		}
	}
	prog, err := x.env.Program(ast, cel.CostLimit(maxExpressionCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fmt.Errorf("the expression can't be prepared: %w", err)
	}
	return &expression{text, prog}, nil
}

// firstIssue gives CEL's first message without its drawing of the source.
func firstIssue(iss *cel.Issues) string {
	if list := iss.Errors(); len(list) > 0 {
		return strings.TrimSpace(list[0].Message)
	}
	return "the expression can't be read"
}

func (e *expression) int(facts map[string]any) (int64, error) {
	out, _, err := e.prog.Eval(facts)
	if err != nil {
		return 0, &Error{CodeInvalid, fmt.Sprintf("expression %q: %v", e.text, err)}
	}
	v, ok := out.Value().(int64)
	if !ok {
		return 0, &Error{CodeInvalid, fmt.Sprintf("expression %q gives no whole number", e.text)}
	}
	return v, nil
}

func (e *expression) bool(facts map[string]any) (bool, error) {
	out, _, err := e.prog.Eval(facts)
	if err != nil {
		return false, &Error{CodeInvalid, fmt.Sprintf("expression %q: %v", e.text, err)}
	}
	v, ok := out.Value().(bool)
	if !ok {
		return false, &Error{CodeInvalid, fmt.Sprintf("expression %q gives no truth value", e.text)}
	}
	return v, nil
}
