using System.Runtime.InteropServices;
using Assay.Cli;

using var cancellation = new CancellationTokenSource();

// The first Ctrl-C asks the command to stop and save; the second one ends the process at once.
void Cancel(PosixSignalContext signal)
{
    signal.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);

return await CliHost.RunAsync(args, CliEnvironment.OfTerminal(), cancellation.Token);
