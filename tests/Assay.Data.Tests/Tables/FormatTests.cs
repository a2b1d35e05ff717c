using System.Text;

namespace Assay.Data.Tests;

public sealed class FormatTests
{
    private static Table Mixed(int rows) => new("mixed",
    [
        new FloatColumn("f", [.. Enumerable.Range(0, rows).Select(i => i % 7 == 3 ? float.NaN : i / 3f)]),
        new DoubleColumn("d", [.. Enumerable.Range(0, rows).Select(i => i % 5 == 2 ? double.NaN : 16777217 + i * 2.0)]),
        new TextColumn("t", [.. Enumerable.Range(0, rows).Select(i => i % 3 == 0 ? "" : $"a,\"{i}\"\nñ")]),
    ]);

    [Theory]
    [InlineData("x.csv")]
    [InlineData("x.tsv")]
    [InlineData("x.parquet")]
    [InlineData("x.jsonl")]
    public void What_is_written_is_read_back(string name)
    {
        using var folder = new TemporaryFolder();
        TableFile.Write(folder.File(name), Mixed(100));
        TableAssert.Same(Mixed(100), TableFile.Read(folder.File(name)));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_matrix_of_numbers_is_read_back_from_NPY()
    {
        using var folder = new TemporaryFolder();
        var table = new Table("n", [new FloatColumn("0", [1, 2, float.NaN]), new FloatColumn("1", [4, 5, 6])]);
        TableFile.Write(folder.File("x.npy"), table);
        TableAssert.Same(table, TableFile.Read(folder.File("x.npy")));
        Assert.Throws<ArgumentException>(() => TableFile.Write(folder.File("y.npy"), Mixed(3)));
        Assert.False(File.Exists(folder.File("y.npy")));
        NpyFile.Write(folder.File("labels.npy"), [3, 1, 2]);
        Assert.Equal([3, 1, 2], NpyFile.Read(folder.File("labels.npy")).ToIntegers());
    }

    [Fact]
    public void Parquet_in_several_row_groups_is_read_whole_and_in_blocks()
    {
        using var folder = new TemporaryFolder();
        var rows = 300_000;
        var table = new Table("n", [new FloatColumn("a", [.. Enumerable.Range(0, rows).Select(i => (float)i)]), new TextColumn("b", [.. Enumerable.Range(0, rows).Select(i => $"{i % 10}")])]);
        TableFile.Write(folder.File("x.parquet"), table);
        TableAssert.Same(table, TableFile.Read(folder.File("x.parquet")));
        var blocks = TableFile.ReadBlocks(folder.File("x.parquet"), 70_000).ToArray();
        Assert.All(blocks, b => Assert.InRange(b.RowCount, 1, 70_000));
        Assert.Equal(table["a"].Count, blocks.Sum(b => b.RowCount));
        Assert.Equal(Enumerable.Range(0, rows).Select(i => (float)i), blocks.SelectMany(b => ((FloatColumn)b["a"]).Values.ToArray()));
    }

    [Fact]
    public void A_parquet_file_of_another_writer_keeps_its_types_and_gaps()
    {
        var table = TableFile.Read(new MemoryStream(Convert.FromBase64String(ForeignFiles.DuckDbParquet)), "duck.parquet");
        Assert.Equal(["i", "big", "tiny", "f", "d", "name", "flag", "day", "ts", "dec", "ub"], table.Columns.Select(c => c.Name));
        Assert.Equal([0, 1, 2, 3, 4, 5], ((FloatColumn)table["i"]).Values.ToArray());
        Assert.Equal([0, 3e9, 6e9, 9e9, 12e9, 15e9], ((DoubleColumn)table["big"]).Values.ToArray());
        Assert.Equal([0, 0.25f, 0.5f, 0.75f, 1, 1.25f], ((FloatColumn)table["f"]).Values.ToArray());
        Assert.Equal([double.NaN, 1 / 3.0, 2 / 3.0, double.NaN, 4 / 3.0, 5 / 3.0], ((DoubleColumn)table["d"]).Values.ToArray());
        Assert.Equal(["name 0", "name 1", "", "name 1", "name 0", "name 1"], ((TextColumn)table["name"]).Values);
        Assert.Equal([1, 0, 1, 0, 1, 0], ((FloatColumn)table["flag"]).Values.ToArray());
        Assert.StartsWith("2024-01-03", ((TextColumn)table["day"]).Values[2], StringComparison.Ordinal);
        Assert.Equal([0, 1.25, 2.5, 3.75, 5, 6.25], ((DoubleColumn)table["dec"]).Values.ToArray());
    }

    [Fact]
    public void Parquet_obeys_the_chosen_columns_and_roles()
    {
        Table Read(TableReadOptions o) => TableFile.Read(new MemoryStream(Convert.FromBase64String(ForeignFiles.DuckDbParquet)), "duck.parquet", o);
        var table = Read(new() { Columns = ["big", "i"], TextColumns = ["i"], SinglePrecision = true });
        Assert.Equal([0, 3e9f, 6e9f, 9e9f, 12e9f, 15e9f], ((FloatColumn)table["big"]).Values.ToArray());
        Assert.Equal(["0", "1", "2", "3", "4", "5"], ((TextColumn)table["i"]).Values);
        Assert.Contains("column 'name'", Assert.Throws<InvalidDataException>(() => Read(new() { NumericColumns = ["name"] })).Message, StringComparison.Ordinal);
        Assert.Contains("no column 'x'", Assert.Throws<InvalidDataException>(() => Read(new() { Columns = ["x"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_parquet_file_is_refused_with_its_name()
    {
        using var folder = new TemporaryFolder();
        TableFile.Write(folder.File("x.parquet"), Mixed(1000));
        var bytes = File.ReadAllBytes(folder.File("x.parquet"));
        foreach (var length in new[] { 4, 8, bytes.Length / 2, bytes.Length - 1 })
        {
            var path = folder.Write("cut.parquet", bytes[..length]);
            Assert.StartsWith(path, Assert.Throws<InvalidDataException>(() => TableFile.Read(path)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(ForeignFiles.Float64, 2, 3, new[] { 1.5, -2, 3, 4, 5e10, 6.25 })]
    [InlineData(ForeignFiles.Float64Fortran, 2, 3, new[] { 1.5, -2, 3, 4, 5e10, 6.25 })]
    [InlineData(ForeignFiles.Float32BigEndian, 2, 3, new[] { 1.5, -2, 3, 4, 5e10, 6.25 })]
    [InlineData(ForeignFiles.Float16, 1, 3, new[] { 1.5, -2, 3 })]
    [InlineData(ForeignFiles.Int64, 3, 1, new double[] { 1, -2, 16777217 })]
    [InlineData(ForeignFiles.UInt16BigEndian, 2, 1, new double[] { 1, 65535 })]
    [InlineData(ForeignFiles.Boolean, 3, 1, new double[] { 1, 0, 1 })]
    [InlineData(ForeignFiles.Version2, 3, 1, new double[] { 0, 1, 2 })]
    [InlineData(ForeignFiles.Version3, 3, 1, new double[] { 0, 1, 2 })]
    [InlineData(ForeignFiles.CubeFortran, 2, 12, new double[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23 })]
    public void Arrays_of_NumPy_are_read(string base64, int rows, int columns, double[] expected)
    {
        using var folder = new TemporaryFolder();
        var array = NpyFile.Read(folder.Write("x.npy", Convert.FromBase64String(base64)));
        Assert.Equal((rows, columns), (array.Rows, array.Columns));
        Assert.Equal(expected.Select(v => v == 5e10 && base64 == ForeignFiles.Float32BigEndian ? (float)v : v), array.ToDoubles());
        Assert.Equal(expected.Select(v => (float)v), array.ToMatrix().Values.ToArray());
        Assert.Equal(columns, TableFile.Read(folder.File("x.npy")).Columns.Length);
    }

    [Fact]
    public void Texts_and_archives_of_NumPy_are_read()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(["a", "bé", "ccc"], NpyFile.Read(folder.Write("t.npy", Convert.FromBase64String(ForeignFiles.Texts))).ToTexts());
        var path = folder.Write("x.npz", Convert.FromBase64String(ForeignFiles.Archive));
        Assert.Equal(["T", "ids", "labels", "probs"], NpyFile.ReadArchive(path).Keys);
        var table = TableFile.Read(path);
        Assert.Equal(["probs_0", "probs_1", "labels", "ids"], table.Columns.Select(c => c.Name));
        Assert.Equal([0.75, 0.5], ((DoubleColumn)table["probs_1"]).Values.ToArray());
        Assert.Equal(["x", "y"], ((TextColumn)table["ids"]).Values);
    }

    [Fact]
    public void Damaged_arrays_of_NumPy_are_refused()
    {
        void Refuses(byte[] bytes, string expected) =>
            Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => TableFile.Read(new MemoryStream(bytes), "x.npy")).Message, StringComparison.Ordinal);
        var good = Convert.FromBase64String(ForeignFiles.Float64);
        Refuses(Convert.FromBase64String(ForeignFiles.Pickled), "'|O'");
        Refuses(good[..^1], "truncated");
        Refuses([.. good, 0], "bytes follow");
        Refuses(good[..50], "truncated in the header");
        Refuses([.. good[..6], 9, .. good[7..]], "version 9");
        var text = Encoding.Latin1.GetString(good);
        byte[] With(string a, string b) => Encoding.Latin1.GetBytes(text.Replace(a, b, StringComparison.Ordinal));
        Refuses(With("(2, 3), ", "(9999999999,)"), "9999999999");
        Refuses(With("(2, 3)", "(2, 9)"), "truncated");
        Refuses(With("(2, 3)", "(-2,3)"), "-2");
        Refuses(With("'shape'", "'shapo'"), "'shape'");
        Refuses(With("<f8", "<c8"), "'<c8'");
    }

    [Fact]
    public void JSON_lines_become_columns_with_lists_spread_and_gaps_missing()
    {
        var table = TableFile.Read(new MemoryStream("{\"id\":\"a\",\"p\":[0.1,0.9],\"n\":1,\"o\":{\"k\":[1]}}\n\n{\"id\":\"b\",\"p\":[0.5,0.5],\"ok\":true}\r\n{\"n\":null,\"id\":3}"u8.ToArray()), "x.jsonl");
        Assert.Equal(["id", "p_0", "p_1", "n", "o", "ok"], table.Columns.Select(c => c.Name));
        Assert.Equal(["a", "b", "3"], ((TextColumn)table["id"]).Values);
        Assert.Equal([0.9f, 0.5f, float.NaN], ((FloatColumn)table["p_1"]).Values.ToArray());
        Assert.Equal([1, float.NaN, float.NaN], ((FloatColumn)table["n"]).Values.ToArray());
        Assert.Equal(["{\"k\":[1]}", "", ""], ((TextColumn)table["o"]).Values);
        Assert.Equal([float.NaN, 1, float.NaN], ((FloatColumn)table["ok"]).Values.ToArray());
    }

    [Theory]
    [InlineData("{\"a\":1}\n{\"a\":}\n", "line 2")]
    [InlineData("{\"a\":1}\n[1]\n", "line 2: a JSON object")]
    [InlineData("{\"a\":1} x\n", "line 1")]
    [InlineData("{\"a\":1,\"a\":2}\n", "column 'a' occurs twice")]
    [InlineData("{\"a\":1}\n{\"a\":1", "line 2")]
    public void A_defect_of_JSON_lines_names_its_line(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => TableFile.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "x.jsonl")).Message, StringComparison.Ordinal);

    [Fact]
    public void Content_wins_over_a_missing_extension_and_contradictions_are_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(1, TableFile.Read(folder.Write("data", "{\"a\":1}\n")).RowCount);
        Assert.Equal(3, TableFile.Read(folder.Write("array", Convert.FromBase64String(ForeignFiles.Boolean))).RowCount);
        Assert.Throws<InvalidDataException>(() => TableFile.Read(folder.Write("x.parquet", "a,b\n")));
        Assert.Throws<InvalidDataException>(() => TableFile.Read(folder.Path));
        Assert.Throws<FileNotFoundException>(() => TableFile.Read(folder.File("none.csv")));
        Assert.Throws<ArgumentException>(() => TableFile.Write(folder.File("x.xls"), Mixed(1)));
    }

    [Fact]
    public void Chosen_columns_form_a_matrix_row_by_row()
    {
        var table = new Table("m", [new FloatColumn("a", [1, 2]), new TextColumn("t", ["x", "y"]), new DoubleColumn("b", [3, 4])]);
        Assert.Equal([3, 1, 4, 2], table.ToMatrix("b", "a").Values.ToArray());
        Assert.Contains("'t' holds texts", Assert.Throws<InvalidDataException>(() => table.ToMatrix("t")).Message, StringComparison.Ordinal);
    }
}
