using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Assay.Data;
using Assay.Lab.Tests;

namespace Assay.Cli.Tests;

public sealed class DataCommandTests
{
    private static async Task<CliRun> Show(string file, string content, params string[] options)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File(file), content);
        return await CliRun.Of(["data", "show", file, .. options], folder.Path);
    }

    private static async Task<CliRun> Show(string file, byte[] content, params string[] options)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File(file), content);
        return await CliRun.Of(["data", "show", file, .. options], folder.Path);
    }

    private static void IsRefused(CliRun run, params string[] words)
    {
        Assert.Equal(2, run.Exit);
        var line = Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.StartsWith("assay: ", line, StringComparison.Ordinal);
        foreach (var word in words)
            Assert.Contains(word, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_names_every_set_and_says_where_it_is_or_how_to_get_it()
    {
        var entries = JsonDocument.Parse((await CliRun.Of("data list --json")).Output).RootElement.EnumerateArray().ToDictionary(e => e.GetProperty("name").GetString()!);
        Assert.Equal(["breast-cancer", "diabetes", "digits", "dotnet-docs", "fashion-mnist", "iris", "wine"], entries.Keys.Order());
        Assert.Equal("built in", entries["digits"].GetProperty("place").GetString());
        Assert.All(entries.Values, e => Assert.NotEqual(e.GetProperty("place").ValueKind == JsonValueKind.Null, e.GetProperty("howToGet").ValueKind == JsonValueKind.Null));
        Assert.Contains("fashion-mnist", (await CliRun.Of("data list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_says_what_is_already_there_and_refuses_unknown_names()
    {
        Assert.Equal("digits is already there: built in", (await CliRun.Of("data get digits")).Output.Trim());
        Assert.Contains("is already there: the .NET SDK's documentation", (await CliRun.Of("data get dotnet-docs")).Output, StringComparison.Ordinal);
        if (new FashionMnist().InstalledFolder is { } folder)
            Assert.Contains($"is already there: {folder}", (await CliRun.Of("data get fashion-mnist")).Output, StringComparison.Ordinal);
        IsRefused(await CliRun.Of("data get digit"), "no data set is called 'digit'", "did you mean digits?");
    }

    [Fact]
    public async Task Show_prints_shape_classes_features_and_duplicates()
    {
        var run = await Show("d.csv", "x,kind,site\n1,a,p\n2,b,p\n1,b,q\n4,a,q\n2,b,q\n", "--label", "kind", "--domain", "site", "--json");
        var json = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal((0, 5), (run.Exit, json.GetProperty("count").GetInt32()));
        Assert.Equal(["a 2", "b 3"], json.GetProperty("classes").EnumerateArray().Select(c => $"{c.GetProperty("name")} {c.GetProperty("count")}"));
        Assert.Equal(["q 3", "p 2"], json.GetProperty("domains").EnumerateArray().Select(c => $"{c.GetProperty("name")} {c.GetProperty("count")}"));
        var x = json.GetProperty("features")[0];
        Assert.Equal((2.0, 1.0, 4.0), (x.GetProperty("mean").GetDouble(), x.GetProperty("least").GetDouble(), x.GetProperty("greatest").GetDouble()));
        Assert.Equal(Math.Sqrt(1.5), x.GetProperty("deviation").GetDouble(), 1e-12); // (1+0+1+4+0)/4
        Assert.Equal((2, 1), (json.GetProperty("duplicates").GetProperty("examples").GetInt32(), json.GetProperty("duplicates").GetProperty("otherLabel").GetInt32()));
        var text = (await CliRun.Of("data show iris")).Output;
        Assert.Matches(@"setosa +50 +33\.3 %", text);
        Assert.Matches(@"missing +none", text);
    }

    [Fact]
    public async Task Show_previews_texts_in_one_line()
    {
        var run = await Show("t.csv", "body,y\n\"one\ntwo  three\",1\nfour,0\n", "--text", "body");
        Assert.Contains("  one two three\n  four", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_report_holds_bars_histograms_and_a_contact_sheet()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, (await CliRun.Of("data show digits --html d.html --quiet", folder.Path)).Exit);
        var page = File.ReadAllText(folder.File("d.html"));
        Assert.Equal(80, page.Split("<img ").Length - 1); // eight of each class
        Assert.Contains("Distributions", page, StringComparison.Ordinal);
        Assert.Contains("class=\"bar\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page.Replace("http://www.w3.org", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_features_are_shown_and_refused_until_the_user_says_what_becomes_of_them()
    {
        const string Text = "x,z,y\n1,5,a\n,6,b\nNaN,7,b\n";
        var run = await Show("m.csv", Text);
        IsRefused(run, "m.csv: row 2, column 'x': the feature is missing (2 in all)", "--missing mean");
        Assert.Matches(@"missing +2 values in 1 features", run.Output);
        Assert.Equal(0, (await Show("m.csv", Text, "--missing", "median")).Exit);
        Assert.Equal(0, (await Show("m.csv", Text, "--missing", "keep")).Exit);
        Assert.Equal(0, (await Show("m.csv", Text, "--drop", "x")).Exit);
        IsRefused(await Show("m.csv", Text, "--missing", "refuse"), "row 2", "'x'");
        IsRefused(await Show("m.csv", Text, "--missing", "guess"), "--missing takes one of refuse, mean, median, keep");
    }

    [Fact]
    public async Task Defects_of_tables_are_one_line_that_names_the_place()
    {
        IsRefused(await Show("r.csv", "a,b,y\n1,2,c\n1,2\n"), "r.csv", "3");
        IsRefused(await Show("q.csv", "a,y\n1,\"open\n"), "q.csv");
        IsRefused(await Show("e.csv", "a,y\n"), "e.csv", "no rows");
    }

    [Fact]
    public async Task Unsound_roles_are_refused()
    {
        IsRefused(await Show("l.csv", "a,y\n1,2\n", "--label", "kind"), "no column 'kind'", "a, y");
        IsRefused(await Show("l.csv", "a,y\n1,0\n2,5\n", "--classes", "p,q,r"), "row 2, column 'y'", "label 5 is out of range, there are 3 classes");
        IsRefused(await Show("l.csv", "a,y\n1,p\n2,z\n", "--classes", "p,q"), "row 2, column 'y'", "label 'z'");
        IsRefused(await Show("l.csv", "a,y\ninf,0\n2,1\n"), "row 1, column 'a'", "infinite");
        IsRefused(await Show("l.csv", "a,k\n1,7\n2,7\n", "--id", "k"), "row 2, column 'k'", "id '7'");
        IsRefused(await CliRun.Of("data show digits --label y"), "'digits'");
        IsRefused(await CliRun.Of("data show nowhere.csv"), "nowhere.csv");
    }

    [Fact]
    public async Task Damaged_arrays_and_files_are_refused()
    {
        IsRefused(await Show("o.npy", Npy("|O", 8)), "o.npy");
        IsRefused(await Show("c.npy", Npy("<c16", 16)), "c.npy");
        IsRefused(await Show("s.npy", Npy("<f8", 7)), "s.npy", "truncated");
        IsRefused(await Show("n.npy", [.. Npy("<f4", 0), .. BitConverter.GetBytes(float.NaN)]), "n.npy: row 1, column '0': the feature is missing");
        IsRefused(await Show("t-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3]), "ubyte", "truncated");
        using var folder = new TemporaryFolder();
        TableFile.Write(folder.File("whole.parquet"), new Assay.Data.Table("t", [new FloatColumn("x", [.. Enumerable.Range(0, 500).Select(i => (float)i)])]));
        var bytes = File.ReadAllBytes(folder.File("whole.parquet"));
        IsRefused(await Show("cut.parquet", bytes[..(bytes.Length / 2)]), "cut.parquet");
    }

    [Fact]
    public async Task Images_can_be_resized_and_tables_can_hold_images()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("pictures/cat"));
        foreach (var size in new[] { 2, 4 })
        {
            using var stream = File.Create(folder.File($"pictures/cat/{size}.png"));
            PngFile.Write(stream, size, size, 3, new byte[size * size * 3]);
        }
        IsRefused(await CliRun.Of("data show pictures", folder.Path), "4.png", "--image-size");
        Assert.Matches(@"shape +1×3×2", (await CliRun.Of("data show pictures --image-size 3x2 --grey", folder.Path)).Output);
        IsRefused(await CliRun.Of("data show pictures --image-size big", folder.Path), "--image-size 'big'", "28x28");
        Assert.Matches(@"shape +1×1×2", (await Show("i.csv", "a,b,y\n1,2,0\n3,4,1\n", "--shape", "1x1x2")).Output);
        IsRefused(await Show("i.csv", "a,b,y\n1,2,0\n3,4,1\n", "--shape", "1,2,2"), "2 feature columns do not fill the shape 1×2×2");
    }

    [Fact]
    public async Task A_report_that_cannot_be_written_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("file"), "");
        IsRefused(await CliRun.Of("data show iris --html file/r.html", folder.Path), "file");
        Directory.CreateDirectory(folder.File("taken.html"));
        IsRefused(await CliRun.Of("data show iris --html taken.html", folder.Path), "taken.html");
        Assert.Empty(Directory.GetFiles(folder.Path, "*.tmp"));
    }

    [Fact]
    public async Task Showing_data_loads_no_libtorch()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "assay"), ["data", "show", "iris"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["LD_DEBUG"] = "files" },
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("setosa", await output, StringComparison.Ordinal);
        Assert.DoesNotContain("libtorch", await error, StringComparison.OrdinalIgnoreCase);
    }

    // An array of one element whose file holds the given number of bytes.
    private static byte[] Npy(string type, int bytes)
    {
        var dictionary = $"{{'descr': '{type}', 'fortran_order': False, 'shape': (1, 1), }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)dictionary.Length, 0, .. Encoding.ASCII.GetBytes(dictionary), .. new byte[bytes]];
    }
}
