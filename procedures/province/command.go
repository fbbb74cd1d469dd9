package province

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Exit is an error that ends the program with a code of its own.
type Exit struct {
	Code int
	Err  error
}

// Error is the cause's text, or nothing where output has said it all.
func (e *Exit) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Exit) Unwrap() error { return e.Err }

// Main runs a province's command line and returns its exit code.
func Main(p *Province, build Build) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return Run(ctx, p, build, os.Args[1:], os.Stdout, os.Stderr)
}

// Run is [Main] with everything given.
func Run(ctx context.Context, p *Province, build Build, args []string, stdout, stderr io.Writer) int {
	cmd := Command(p, build, stderr)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	var exit *Exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.Err != nil {
			fmt.Fprintln(stderr, "error:", exit.Err)
		}
		return exit.Code
	default:
		fmt.Fprintln(stderr, "error:", err)
		return 1
	}
}

// runner is what every command shares.
type runner struct {
	province *Province
	build    Build
	log      *zap.Logger
	machine  func() time.Time
	flags    Config
	file     string
	verbose  bool
}

// Command is the province's command line: serve by default.
func Command(p *Province, build Build, stderr io.Writer) *cobra.Command {
	r := &runner{province: p, build: build, machine: time.Now}
	root := &cobra.Command{
		Use: p.Program, Short: p.Name.EN, SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		PersistentPreRun: func(*cobra.Command, []string) { r.log = newLogger(stderr, r.verbose) },
		RunE:             func(cmd *cobra.Command, _ []string) error { return r.serve(cmd) },
	}
	f := root.PersistentFlags()
	f.StringVar(&r.flags.Data, "data", "", "data folder (default .motcua)")
	f.StringVar(&r.flags.Database, "database", "", "database URL (default sqlite, DATA/motcua.db)")
	f.StringVar(&r.flags.Listen, "listen", "", "address of the portal, host:port (default a loopback port, kept)")
	f.StringVar(&r.flags.PublicURL, "public-url", "", "how browsers reach the portal (default http:// and the address)")
	f.StringVar(&r.flags.Date, "date", "", "the law's clock at first start, 2024-11-15 (08:00) or 2024-11-15T15:01")
	f.StringVar(&r.flags.Procedures, "procedures", "", "folder of procedures, its layers replace the built-in ones")
	f.StringVar(&r.flags.Directory, "directory", "", "folder of units and officials, replaces the built-in one")
	f.StringVar(&r.file, "config", "", "configuration file (YAML); flags win")
	f.BoolVar(&r.flags.NoSim, "no-sim", false, "start no simulators")
	f.BoolVar(&r.flags.InsecureDemo, "insecure-demo", false, "let simulators be reached from other machines")
	f.BoolVarP(&r.verbose, "verbose", "v", false, "log more")
	root.AddCommand(r.serveCommand(), r.demoCommand(), r.verifyCommand(), r.auditCommand(), r.proceduresCommand(), r.directoryCommand(),
		r.exportCommand(), r.simCommand())
	return root
}

func newLogger(w io.Writer, verbose bool) *zap.Logger {
	enc := zap.NewProductionEncoderConfig()
	enc.EncodeTime = zapcore.ISO8601TimeEncoder
	level := zapcore.WarnLevel
	if verbose {
		level = zapcore.DebugLevel
	}
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(enc), zapcore.Lock(zapcore.AddSync(w)), level))
}

// config is the file with the flags that were given over it.
func (r *runner) config(cmd *cobra.Command) (*Config, error) {
	c := &Config{}
	if r.file != "" {
		var err error
		if c, err = ReadConfig(r.file); err != nil {
			return nil, err
		}
	}
	given := func(name string) bool { fl := cmd.Flags().Lookup(name); return fl != nil && fl.Changed }
	for name, set := range map[string]func(){
		"data": func() { c.Data = r.flags.Data }, "database": func() { c.Database = r.flags.Database },
		"listen": func() { c.Listen = r.flags.Listen }, "public-url": func() { c.PublicURL = r.flags.PublicURL },
		"date": func() { c.Date = r.flags.Date }, "procedures": func() { c.Procedures = r.flags.Procedures },
		"directory": func() { c.Directory = r.flags.Directory }, "no-sim": func() { c.NoSim = r.flags.NoSim },
		"insecure-demo": func() { c.InsecureDemo = r.flags.InsecureDemo },
	} {
		if given(name) {
			set()
		}
	}
	if c.Data == "" {
		c.Data = ".motcua"
	}
	return c, c.check()
}
