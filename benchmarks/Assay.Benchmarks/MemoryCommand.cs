using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Assay.Data;
using Assay.Statistics;

namespace Assay.Benchmarks;

/// <summary>
/// <c>memory</c>: the peak resident memory of <c>assay judge --stream</c> on files of any size, and whether its numbers are those of one piece. The files
/// are written block by block; exits 1 where the stream needs more than its bar or a number differs. Linux only: peaks come from /proc.
/// </summary>
internal static class MemoryCommand
{
    // The buckets, samples and blocks of the stream and the runtime itself, whatever the number of rows.
    private const double BarMebibytes = 1024, Tolerance = 1e-5;
    private const int BlockRows = 1 << 18;

    public static Command Create()
    {
        var rows = new Option<long>("--rows") { Description = "The number of rows.", DefaultValueFactory = _ => 10_000_000 };
        var classes = new Option<int>("--classes") { Description = "The number of classes.", DefaultValueFactory = _ => 10 };
        var format = new Option<string>("--format") { Description = "parquet, csv or both.", DefaultValueFactory = _ => "both" };
        var folder = new Option<string?>("--folder") { Description = "Where the files go, which are removed at the end; the temporary folder by default." };
        var streamOnly = new Option<bool>("--stream-only") { Description = "Leave out the judgement in one piece, which takes memory for all rows." };
        var command = new Command("memory", "Peak resident memory of assay judge in a stream and in one piece, and whether both agree.") { rows, classes, format, folder, streamOnly };
        command.SetAction(parsed =>
        {
            string[] formats = parsed.GetValue(format) is "both" ? ["parquet", "csv"] : [parsed.GetValue(format)!];
            var passed = true;
            foreach (var extension in formats)
            {
                var path = Path.Combine(parsed.GetValue(folder) ?? Path.GetTempPath(), $"assay-memory-{Environment.ProcessId}.{extension}");
                try
                {
                    TableFile.WriteBlocks(path, Blocks(parsed.GetValue(rows), parsed.GetValue(classes)));
                    passed &= Run(path, parsed.GetValue(rows), parsed.GetValue(classes), parsed.GetValue(streamOnly));
                }
                finally
                {
                    File.Delete(path);
                }
            }
            return passed ? 0 : 1;
        });
        return command;
    }

    private static bool Run(string path, long rows, int classes, bool streamOnly)
    {
        var stream = Judge(path, "--stream");
        var one = streamOnly ? null : Judge(path);
        var difference = one is null ? double.NaN : stream.Numbers.Zip(one.Numbers, (a, b) => Math.Abs(a - b)).Max();
        var passed = stream.Mebibytes <= BarMebibytes && (one is null || (stream.Numbers.Length == one.Numbers.Length && difference <= Tolerance));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetExtension(path)[1..],-8} {rows} × {classes}, {new FileInfo(path).Length / 1048576.0:0} MiB: stream {stream.Mebibytes:0} MiB, {stream.Seconds:0.0} s; one piece {(one is null ? "left out" : string.Create(CultureInfo.InvariantCulture, $"{one.Mebibytes:0} MiB, {one.Seconds:0.0} s"))}; largest difference of {stream.Numbers.Length} numbers {difference:0.0e0}; {(passed ? "passed" : "missed")}"));
        return passed;
    }

    private sealed record Judged(double[] Numbers, double Mebibytes, double Seconds);

    private static Judged Judge(string path, params string[] options)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "assay"), ["judge", path, "--json", .. options]) { RedirectStandardOutput = true };
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var reading = process.StandardOutput.ReadToEndAsync();
        var peak = 0L;
        while (!process.WaitForExit(20))
            peak = Math.Max(peak, HighWater(process.Id));
        var text = reading.GetAwaiter().GetResult();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"assay judge {string.Join(' ', options)} failed with exit code {process.ExitCode}");
        using var json = JsonDocument.Parse(text);
        double[] numbers = [.. json.RootElement.GetProperty("metrics").EnumerateArray().SelectMany(m => new[] { "value", "low", "high" }.Select(n => m.GetProperty(n).GetDouble()))];
        return new Judged([json.RootElement.GetProperty("examples").GetDouble(), .. numbers], peak / 1024.0, watch.Elapsed.TotalSeconds);
    }

    // Peak resident KiB so far, as the kernel counts it.
    private static long HighWater(int id)
    {
        try
        {
            var line = File.ReadLines($"/proc/{id}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan(6).Trim().TrimEnd("kB ".AsSpan()), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0; // ended just now
        }
    }

    // Softmax of Gaussian scores, the true class's raised by 1.5, six decimals.
    private static IEnumerable<Table> Blocks(long rows, int classes)
    {
        var random = new SeededRandom(1);
        for (long row = 0; row < rows; row += BlockRows)
        {
            var count = (int)Math.Min(BlockRows, rows - row);
            var (columns, labels) = (Enumerable.Range(0, classes).Select(_ => new float[count]).ToArray(), new float[count]);
            Fill(columns, labels, random.Fork());
            yield return new Table("predictions", [new FloatColumn("label", labels), .. columns.Select((c, k) => new FloatColumn($"p_{k}", c))]);
        }
    }

    private static void Fill(float[][] columns, float[] labels, SeededRandom random)
    {
        var scores = new double[columns.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            var label = random.Next(scores.Length);
            var sum = 0.0;
            for (var c = 0; c < scores.Length; c++)
                sum += scores[c] = Math.Exp(random.NextGaussian() + (c == label ? 1.5 : 0));
            for (var c = 0; c < scores.Length; c++)
                columns[c][i] = (float)Math.Round(scores[c] / sum, 6);
            labels[i] = label;
        }
    }
}
