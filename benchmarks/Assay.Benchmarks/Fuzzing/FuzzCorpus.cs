using System.Globalization;
using System.IO.Compression;
using System.Text;
using Assay.Cli;
using Assay.Data;
using Assay.Statistics;
using Spectre.Console;

namespace Assay.Benchmarks;

/// <summary>Small well-formed files of every format that commands read, to be damaged.</summary>
internal static partial class FuzzCorpus
{
    private const int Rows = 60;

    /// <summary>All targets.</summary>
    public static IEnumerable<FuzzTarget> All => [.. Predictions(), .. Audits(), .. Benches(), .. Logs(), .. Scaling()];

    private static FuzzFile TextOf(string path, string content) => new(path, Encoding.UTF8.GetBytes(content), true);

    private static string Lines(string header, IEnumerable<string> rows) => string.Join('\n', [header, .. rows]) + "\n";

    private static string N(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    // Softmax of noise, the true class raised; six decimals that sum to 1.
    private static (double[] Probabilities, int Label) Prediction(SeededRandom random, int classes)
    {
        var label = random.Next(classes);
        double[] scores = [.. Enumerable.Range(0, classes).Select(c => Math.Exp(random.NextGaussian() + (c == label ? 1.2 : 0)))];
        double[] p = [.. scores.Select(s => Math.Round(s / scores.Sum(), 6))];
        p[^1] = Math.Round(1 - p[..^1].Sum(), 6);
        return (p, label);
    }

    private static string PredictionCsv(long seed, char delimiter = ',')
    {
        var random = new SeededRandom(seed);
        return Lines(string.Join(delimiter, "id", "label", "p_ant", "p_bee", "p_cow", "city"), Enumerable.Range(0, Rows).Select(i =>
        {
            var (p, label) = Prediction(random, 3);
            return string.Join(delimiter, [$"e{i:000}", new[] { "ant", "bee", "cow" }[label], .. p.Select(N), i % 2 == 0 ? "Oslo" : "Rome"]);
        }));
    }

    private static byte[] Written(string extension, Assay.Data.Table table)
    {
        var path = Path.Combine(Path.GetTempPath(), $"assay-fuzz-{Guid.NewGuid():N}.{extension}");
        try
        {
            TableFile.Write(path, table);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Npy(Action<string> write)
    {
        var path = Path.Combine(Path.GetTempPath(), $"assay-fuzz-{Guid.NewGuid():N}.npy");
        try
        {
            write(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(content);
            }
        }
        return stream.ToArray();
    }

    /// <summary>What a command writes when it is given some files: a saved calibrator, law or bench.</summary>
    private static FuzzFile Made(string output, string commandLine, params FuzzFile[] files)
    {
        var folder = Directory.CreateTempSubdirectory("assay-fuzz-made-").FullName;
        try
        {
            foreach (var file in files)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file.Path))!);
                File.WriteAllBytes(Path.Combine(folder, file.Path), file.Content);
            }
            using var writer = new StringWriter();
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No });
            var exit = CliHost.RunAsync(commandLine.Split(' '), new CliEnvironment { Output = console, Error = console, Folder = folder }).GetAwaiter().GetResult();
            return exit == CliHost.Done ? new FuzzFile(output, File.ReadAllBytes(Path.Combine(folder, output)), true) : throw new InvalidOperationException($"{commandLine}: {writer}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<FuzzTarget> Predictions()
    {
        var csv = TextOf("p.csv", PredictionCsv(1));
        FuzzTarget Judge(string name, FuzzFile file, Func<byte[], SecondReading.Cells?> read, params string[] options) => new(name, ["judge", file.Path, .. options], [file])
        {
            Weight = 3,
            Check = (folder, json) => SecondReading.Compare(json, SecondReading.Classes(read(File.ReadAllBytes(Path.Combine(folder, file.Path))))),
        };
        yield return Judge("judge CSV", csv, b => SecondReading.Csv(b, ','));
        yield return Judge("judge CSV by slice", csv, b => SecondReading.Csv(b, ','), "--by", "city");
        yield return Judge("judge TSV", TextOf("p.tsv", PredictionCsv(2, '\t')), b => SecondReading.Csv(b, '\t'));
        yield return new("judge CSV in gzip", ["judge", "p.csv.gz"], [new("p.csv.gz", Gzip(csv.Content), false)]);

        var random = new SeededRandom(3);
        var predictions = Enumerable.Range(0, Rows).Select(_ => Prediction(random, 3)).ToArray();
        float[] Column(int c) => [.. predictions.Select(p => (float)p.Probabilities[c])];
        var table = new Assay.Data.Table("p",
        [
            new TextColumn("id", [.. Enumerable.Range(0, Rows).Select(i => $"e{i}")]), new TextColumn("label", [.. predictions.Select(p => new[] { "ant", "bee", "cow" }[p.Label])]),
            new FloatColumn("p_ant", Column(0)), new FloatColumn("p_bee", Column(1)), new FloatColumn("p_cow", Column(2)),
        ]);
        yield return Judge("judge Parquet", new("p.parquet", Written("parquet", table), false), b => SecondReading.Parquet(b).GetAwaiter().GetResult());
        yield return Judge("judge JSONL", new("p.jsonl", Written("jsonl", table), true), SecondReading.JsonLines);

        var scores = Npy(path => NpyFile.Write(path, new FloatMatrix([.. predictions.SelectMany(p => p.Probabilities.Select(v => (float)v))], Rows, 3)));
        var labels = Npy(path => NpyFile.Write(path, predictions.Select(p => p.Label).ToArray()));
        yield return new("judge NPY", ["judge", "s.npy", "--labels", "y.npy", "--kind", "probabilities"], [new("s.npy", scores, false), new("y.npy", labels, false)])
        {
            Weight = 3,
            Check = static (folder, json) =>
            {
                if (SecondReading.Npy(File.ReadAllBytes(Path.Combine(folder, "s.npy"))) is not { Columns: > 1 } s || SecondReading.Npy(File.ReadAllBytes(Path.Combine(folder, "y.npy"))) is not { Columns: 1 } y)
                    return FuzzTarget.Unknown;
                string[] classes = [.. Enumerable.Range(0, s.Columns).Select(c => $"{c}")];
                return y.Values.Any(v => v < 0 || v >= s.Columns || v != Math.Floor(v))
                    ? "labels that are no classes were accepted"
                    : SecondReading.Compare(json, new SecondReading.Scored(classes, [.. s.Values.Chunk(s.Columns)], [.. y.Values.Select(v => (int)v)]));
            },
        };
        yield return new("judge NPZ", ["judge", "a.npz", "--label", "label"], [new("a.npz", Zip(("p.npy", scores), ("label.npy", labels)), false)]);

        var values = Lines("id,target,prediction", Enumerable.Range(0, Rows).Select(i => $"{i},{N(i * 0.37)},{N(i * 0.36 + random.NextGaussian())}"));
        yield return new("judge regression", ["judge", "v.csv"], [TextOf("v.csv", values)])
        {
            Weight = 2,
            Check = static (folder, json) =>
            {
                if (SecondReading.Csv(File.ReadAllBytes(Path.Combine(folder, "v.csv")), ',') is not { } cells || (cells.Of("target"), cells.Of("prediction")) is not ( >= 0 and var t, >= 0 and var p))
                    return FuzzTarget.Unknown;
                var pairs = cells.Rows.Select(r => (Y: SecondReading.Number(r[t]), P: SecondReading.Number(r[p]))).ToArray();
                // Integers only would be classes.
                return pairs.Any(v => v.Y is null || v.P is null) || pairs.All(v => v.Y == Math.Floor(v.Y!.Value)) || pairs.All(v => v.P == Math.Floor(v.P!.Value))
                    ? FuzzTarget.Unknown
                    : SecondReading.Metric(json, "mae", pairs.Average(v => Math.Abs(v.P!.Value - v.Y!.Value)));
            },
        };
        var answers = Lines("id,label,prediction", Enumerable.Range(0, Rows).Select(i => $"{i},{(i % 3 == 0 ? "yes" : "no")},{(i % 4 == 0 ? "yes" : "no")}"));
        yield return new("judge classes", ["judge", "c.csv"], [TextOf("c.csv", answers)])
        {
            Check = static (folder, json) =>
            {
                if (SecondReading.Csv(File.ReadAllBytes(Path.Combine(folder, "c.csv")), ',') is not { } cells || (cells.Of("label"), cells.Of("prediction")) is not ( >= 0 and var y, >= 0 and var p))
                    return FuzzTarget.Unknown;
                return cells.Rows.Any(r => r[y].Trim() != r[y] || r[p].Trim() != r[p] || double.TryParse(r[y], CultureInfo.InvariantCulture, out _) || double.TryParse(r[p], CultureInfo.InvariantCulture, out _))
                    ? FuzzTarget.Unknown
                    : SecondReading.Metric(json, "accuracy", cells.Rows.Average(r => r[y] == r[p] ? 1.0 : 0));
            },
        };

        var other = TextOf("q.csv", OtherModel(PredictionCsv(1)));
        yield return new("compare", ["compare", "p.csv", "q.csv", "-r", "20", "-m", "accuracy"], [csv, other])
        {
            Weight = 2,
            Check = static (folder, json) =>
            {
                SecondReading.Scored?[] both = [.. new[] { "p.csv", "q.csv" }.Select(f => SecondReading.Classes(SecondReading.Csv(File.ReadAllBytes(Path.Combine(folder, f)), ',')))];
                if (both.Any(b => b is null))
                    return FuzzTarget.Unknown;
                var values = json.GetProperty("metrics")[0].GetProperty("values").EnumerateArray().Select(v => v.GetProperty("value").GetDouble()).ToArray();
                return values.Zip(both, (v, b) => Math.Abs(v - b!.Accuracy) < 1e-9).All(equal => equal) ? null : $"accuracies {string.Join(" and ", values)}, the second reading gives {string.Join(" and ", both.Select(b => b!.Accuracy))}";
            },
        };
        yield return new("calibrate", ["calibrate", "p.csv", "q.csv", "-o", "out.csv"], [csv, other]);
        yield return new("calibrate --load", ["calibrate", "q.csv", "--load", "cal.json", "-o", "out.csv"], [other, Made("cal.json", "calibrate p.csv q.csv --save cal.json", csv, other)]) { Damaged = [1] };
        yield return new("data show CSV", ["data", "show", "d.csv", "--label", "kind"], [TextOf("d.csv", Lines("x,y,kind", Enumerable.Range(0, Rows).Select(i => $"{N(i * 0.7)},{N(-i * 1.1)},{(i % 2 == 0 ? "a" : "b")}")))]);
        byte[] idx = [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 3, 0, 0, 0, 3, .. Enumerable.Range(0, 54).Select(i => (byte)(i * 5))];
        yield return new("data show IDX", ["data", "show", "train-images-idx3-ubyte"], [new("train-images-idx3-ubyte", idx, false), new("train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 2, 0, 1, 2], false)]);
    }

    // The same ids and labels, other scores.
    private static string OtherModel(string csv)
    {
        var random = new SeededRandom(9);
        return Lines(csv.Split('\n')[0], csv.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..].Select(line =>
        {
            var cells = line.Split(',');
            var (p, _) = Prediction(random, 3);
            return string.Join(',', [cells[0], cells[1], .. p.Select(N), cells[5]]);
        }));
    }
}
