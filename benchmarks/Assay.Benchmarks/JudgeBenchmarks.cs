using System.Collections.Immutable;
using System.Diagnostics;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Benchmarks;

/// <summary>The whole command <c>assay judge</c>, start of the process included, against a script of pandas and scikit-learn.</summary>
internal static class JudgeBenchmarks
{
    private const int Rows = 1_000_000, Classes = 10;

    // Written at first use and removed at the end of the process.
    private static readonly Lazy<string> Folder = new(Write);

    public static IEnumerable<PeerBenchmark> All =>
    [
        Judge("judge-csv", "CSV"),
        Judge("judge-parquet", "Parquet"),
    ];

    private static PeerBenchmark Judge(string name, string format) => new(
        name, $"assay judge on {Rows} × {Classes} probabilities in {format}, against pandas and scikit-learn on {(format == "Parquet" ? "Parquet, or on CSV where pyarrow is absent (the script says so)" : format)}", 0.25,
        () => Ours(Predictions(format)),
        () => PythonPeer.RunProcess("judge.py", Predictions(format)));

    private static string Predictions(string format) => Path.Combine(Folder.Value, $"predictions.{format.ToLowerInvariant()}");

    private static double Ours(string path)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "assay.exe" : "assay"), ["judge", path]) { RedirectStandardOutput = true };
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 && output.Contains("ROC-AUC", StringComparison.Ordinal)
            ? watch.Elapsed.TotalSeconds
            : throw new InvalidOperationException($"assay judge failed with exit code {process.ExitCode}");
    }

    // Softmax of Gaussian scores, the true class's raised by 1.5: about half of the answers are right.
    private static string Write()
    {
        var random = new SeededRandom(1);
        var columns = Enumerable.Range(0, Classes).Select(_ => new float[Rows]).ToArray();
        var labels = new float[Rows];
        Span<double> scores = stackalloc double[Classes];
        for (var i = 0; i < Rows; i++)
        {
            var label = random.Next(Classes);
            var sum = 0.0;
            for (var c = 0; c < Classes; c++)
                sum += scores[c] = Math.Exp(random.NextGaussian() + (c == label ? 1.5 : 0));
            // Six decimals, as frameworks print them.
            for (var c = 0; c < Classes; c++)
                columns[c][i] = (float)Math.Round(scores[c] / sum, 6);
            labels[i] = label;
        }
        ImmutableArray<TableColumn> all = [new FloatColumn("label", labels), .. columns.Select((c, k) => new FloatColumn($"p_{k}", c))];
        var folder = Directory.CreateTempSubdirectory("assay-judge-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var table = new Table("predictions", all);
        TableFile.Write(Path.Combine(folder, "predictions.csv"), table);
        TableFile.Write(Path.Combine(folder, "predictions.parquet"), table);
        return folder;
    }
}
