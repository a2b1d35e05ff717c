using System.Diagnostics;
using Assay.Evaluation;
using Assay.Statistics;

namespace Assay.Benchmarks;

/// <summary>Confident learning, from labels and probabilities in memory to a ranked list.</summary>
internal static class LabelQualityBenchmarks
{
    public static IEnumerable<PeerBenchmark> All => [LabelIssues("label-issues", 1_000_000, 10), LabelIssues("label-issues-wide", 50_000, 1000)];

    private static PeerBenchmark LabelIssues(string name, int rows, int classes)
    {
        var data = new Lazy<(int[] Labels, FloatMatrix Probabilities)>(() => Data(rows, classes));
        return new PeerBenchmark(name, $"confident learning on {rows}×{classes} against cleanlab", 0.5, () =>
        {
            var (labels, probabilities) = data.Value;
            var watch = Stopwatch.StartNew();
            ConfidentLearning.Find(labels, probabilities);
            return watch.Elapsed.TotalSeconds;
        }, () => PythonPeer.Run("label_issues.py", $"{rows}", $"{classes}"));
    }

    private static (int[], FloatMatrix) Data(int rows, int classes)
    {
        var random = new SeededRandom(1);
        var (labels, values) = (new int[rows], new float[rows * classes]);
        for (var i = 0; i < rows; i++)
        {
            var truth = random.Next(classes);
            var row = values.AsSpan(i * classes, classes);
            var sum = (float)classes;
            for (var c = 0; c < classes; c++)
                sum += row[c] = (float)random.NextDouble();
            row[truth] += classes;
            for (var c = 0; c < classes; c++)
                row[c] /= sum;
            labels[i] = random.NextDouble() < 0.1 ? random.Next(classes) : truth;
        }
        return (labels, new FloatMatrix(values, rows, classes));
    }
}
