// Command cluster is the control plane that the tests talk to: etcd, kube-apiserver and kube-controller-manager in one
// binary, told apart by the name it is called by or else by its first argument.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if os.Getenv("EXIT_WITH_STDIN") != "" {
		go exitWithStdin()
	}
	program := filepath.Base(os.Args[0])
	if program == "cluster" && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		program = os.Args[0]
	}
	switch program {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	default:
		fmt.Fprintln(os.Stderr, "usage: cluster etcd|kube-apiserver|kube-controller-manager FLAGS")
		os.Exit(2)
	}
}

// exitWithStdin ends the process when the other end of its standard input is gone: a test that is killed cannot clean
// up, but the system closes its pipes.
func exitWithStdin() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
