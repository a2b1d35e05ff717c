using System.Globalization;
using System.IO.Compression;
using Assay.Statistics;

namespace Assay.Data.Tests;

/// <summary>
/// Damaged files give a table or an <see cref="InvalidDataException"/>: never another exception, a hang, or memory for what a header claims.
/// The environment variable ASSAY_FUZZ sets the number of mutations a format, 2000 by default; ASSAY_FUZZ_SEED the seed.
/// </summary>
public sealed class TableFuzzTests
{
    private static readonly int Mutations = int.Parse(Environment.GetEnvironmentVariable("ASSAY_FUZZ") ?? "2000", CultureInfo.InvariantCulture);
    private static readonly long Seed = long.Parse(Environment.GetEnvironmentVariable("ASSAY_FUZZ_SEED") ?? "1", CultureInfo.InvariantCulture);

    public static TheoryData<string> Formats => ["csv", "tsv", "csv.gz", "quoted.csv", "parquet", "foreign.parquet", "jsonl", "npy", "text.npy", "npz"];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_damaged_file_is_read_or_refused(string format)
    {
        var original = Original(format);
        _ = TableFile.Read(new MemoryStream(original), $"fuzz.{format}");
        var refused = 0;
        var current = original;
        var work = Task.Run(() =>
        {
            for (var i = 0; i < Mutations; i++)
            {
                current = Mutate(original, SeededRandom.At(Seed, i));
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    _ = TableFile.Read(new MemoryStream(current), $"fuzz.{format}");
                }
                catch (InvalidDataException e)
                {
                    Assert.StartsWith("fuzz.", e.Message, StringComparison.Ordinal);
                    refused++;
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"mutation {i} of {format}: {e.GetType().Name}: {e.Message}\n{Convert.ToBase64String(current)}", e);
                }
                Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 256 << 20, $"mutation {i} of {format} took {(GC.GetAllocatedBytesForCurrentThread() - before) >> 20} MiB");
            }
        }, TestContext.Current.CancellationToken);
        var last = current;
        while (await Task.WhenAny(work, Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)) != work)
        {
            Assert.False(ReferenceEquals(last, current), $"a read of {format} hangs:\n{Convert.ToBase64String(current)}");
            last = current;
        }
        await work;
        Assert.InRange(refused, Mutations / 20, Mutations);
    }

    private static byte[] Original(string format)
    {
        if (format == "foreign.parquet")
            return Convert.FromBase64String(ForeignFiles.DuckDbParquet);
        if (format == "npz")
            return Convert.FromBase64String(ForeignFiles.Archive);
        if (format == "text.npy")
            return Convert.FromBase64String(ForeignFiles.Texts);
        using var folder = new TemporaryFolder();
        var texts = Enumerable.Range(0, 20).Select(i => format == "quoted.csv" ? $"a,\"{i}\"\nñ" : $"word {i % 3}");
        var table = new Table("t", [new FloatColumn("x", [.. Enumerable.Range(0, 20).Select(i => i / 3f)]), new DoubleColumn("y", [.. Enumerable.Range(0, 20).Select(i => i * 1e10)])]);
        if (format != "npy")
            table = new Table("t", [.. table.Columns, new TextColumn("name", [.. texts])]);
        var path = folder.File(format.EndsWith(".gz", StringComparison.Ordinal) ? "t.csv" : $"t.{format}");
        TableFile.Write(path, table);
        var bytes = File.ReadAllBytes(path);
        if (!format.EndsWith(".gz", StringComparison.Ordinal))
            return bytes;
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    // One to four edits: bits, bytes and words of awkward values, cuts, repeats, removals.
    private static byte[] Mutate(byte[] original, SeededRandom random)
    {
        var bytes = original.ToList();
        for (var edits = 1 + random.Next(4); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(bytes.Count - at, 1 + random.Next(8));
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    for (var i = 0; i < length; i++)
                        bytes[at + i] = 0xFF;
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    bytes.RemoveRange(at, length);
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, 64)));
                    break;
                case 6:
                    bytes.InsertRange(at, "\",\n\t[{0e"u8.ToArray().AsSpan(0, length).ToArray());
                    break;
                default:
                    // A varint or a little-endian size near the top of its range.
                    byte[] large = random.Next(2) == 0 ? [0xFF, 0xFF, 0xFF, 0xFF, 0x0F] : [0xFF, 0xFF, 0xFF, 0x7F];
                    for (var i = 0; i < large.Length && at + i < bytes.Count; i++)
                        bytes[at + i] = large[i];
                    break;
            }
        }
        return [.. bytes];
    }
}
