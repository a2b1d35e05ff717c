using Assay.Statistics;

namespace Assay.Cli;

/// <summary>Shows a fraction from 0 to 1 in the progress display.</summary>
internal sealed class Fraction(IProgress<ProgressUpdate> progress, string label) : IProgress<double>
{
    public void Report(double value) => progress.Report(new ProgressUpdate(label, value, 1));
}
