using System.IO.Compression;
using System.Text;
using Assay.Statistics;

namespace Assay.Data.Tests;

public sealed class CsvTests
{
    private static Table Read(string text, TableReadOptions? options = null, string name = "t.csv") =>
        TableFile.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), name, options);

    private static float[] Floats(Table table, string column) => Assert.IsType<FloatColumn>(table[column]).Values.ToArray();

    private static double[] Doubles(Table table, string column) => Assert.IsType<DoubleColumn>(table[column]).Values.ToArray();

    private static string[] Texts(Table table, string column) => [.. Assert.IsType<TextColumn>(table[column]).Values];

    [Fact]
    public void Columns_are_float_double_or_text_as_their_cells_need()
    {
        var table = Read("small,large,long,exact,name,rest\n1,16777217,0.1234567890123,0.50000000000000,x,NA\n-2.5,3,1,2,,\n1e3,4,2,3,7,7\n");
        Assert.Equal([1, -2.5f, 1000], Floats(table, "small"));
        Assert.Equal([16777217, 3, 4], Doubles(table, "large"));
        Assert.Equal([0.1234567890123, 1, 2], Doubles(table, "long"));
        Assert.Equal([0.5f, 2, 3], Floats(table, "exact"));
        Assert.Equal(["x", "", "7"], Texts(table, "name"));
        Assert.Equal([float.NaN, float.NaN, 7], Floats(table, "rest"));
    }

    [Theory]
    [InlineData("1", 1.0)]
    [InlineData("-0", -0.0)]
    [InlineData("+.5", 0.5)]
    [InlineData("5.", 5.0)]
    [InlineData(" 7 ", 7.0)]
    [InlineData("1E-3", 0.001)]
    [InlineData("123456789012345678901234567890", 123456789012345678901234567890.0)]
    [InlineData("4.9406564584124654e-324", 5e-324)]
    [InlineData("1.7976931348623157E+308", double.MaxValue)]
    [InlineData("inf", double.PositiveInfinity)]
    [InlineData("-Infinity", double.NegativeInfinity)]
    public void Numbers_are_read_however_they_are_written(string text, double expected)
    {
        var column = Read($"x,y\n{text},1\n")["x"];
        if (column is FloatColumn f)
            Assert.Equal((float)expected, f.Values.Span[0]);
        else
            Assert.Equal(expected, ((DoubleColumn)column).Values.Span[0]);
    }

    [Theory]
    [InlineData("1e")]
    [InlineData("--1")]
    [InlineData("1.2.3")]
    [InlineData("0x10")]
    [InlineData("1 2")]
    [InlineData("in")]
    public void What_is_no_number_is_text(string text) => Assert.Equal([text], Texts(Read($"x,y\n{text},1\n"), "x"));

    [Fact]
    public void Doubles_read_back_to_the_last_bit()
    {
        var random = new SeededRandom(1);
        var values = Enumerable.Range(0, 2000).Select(i => BitConverter.UInt64BitsToDouble(random.NextUInt64())).Where(double.IsFinite).ToArray();
        using var folder = new TemporaryFolder();
        TableFile.Write(folder.File("d.csv"), new Table("d", [new DoubleColumn("d", values)]));
        Assert.Equal(values, Doubles(TableFile.Read(folder.File("d.csv")), "d"));
    }

    [Theory]
    [InlineData(',')]
    [InlineData('\t')]
    [InlineData(';')]
    [InlineData('|')]
    public void The_delimiter_is_found(char delimiter)
    {
        var table = Read($"a{delimiter}b{delimiter}c\n1{delimiter}x y{delimiter}3\n4{delimiter}z{delimiter}6\n");
        Assert.Equal(["a", "b", "c"], table.Columns.Select(c => c.Name));
        Assert.Equal([3, 6], Floats(table, "c"));
    }

    [Fact]
    public void Commas_inside_tabbed_cells_do_not_mislead() => Assert.Equal(["x, y", "z"], Texts(Read("a\tb\nx, y\t1\nz\t2\n"), "a"));

    [Fact]
    public void Quotes_hide_delimiters_line_ends_and_doubled_quotes()
    {
        var table = Read("id,\"say \"\"it\"\"\",n\n\"a,b\",\"line 1\nline 2\",1\n\"c\"\"d\",5\" pipe,\"2\"\n");
        Assert.Equal(["a,b", "c\"d"], Texts(table, "id"));
        Assert.Equal(["line 1\nline 2", "5\" pipe"], Texts(table, "say \"it\""));
        Assert.Equal([1, 2], Floats(table, "n"));
    }

    [Fact]
    public void Quoted_and_plain_cells_read_alike()
    {
        var random = new SeededRandom(2);
        string[] cells = ["1", "2.5", "-3e4", "16777217", "0.12345678901234", "NA", "", "word", " 7", "two words"];
        for (var trial = 0; trial < 200; trial++)
        {
            var columns = 1 + random.Next(4);
            var pool = 3 + random.Next(cells.Length - 2);
            var rows = Enumerable.Range(0, random.Next(1, 12)).Select(_ => Enumerable.Range(0, columns + 1).Select(c => c == 0 ? "k" : cells[random.Next(pool)]).ToArray()).ToArray();
            var head = string.Join(',', Enumerable.Range(0, columns + 1).Select(c => $"c{c}")) + "\n";
            var plain = Read(head + string.Concat(rows.Select(r => string.Join(',', r) + "\n")));
            var quoted = Read(head + string.Concat(rows.Select(r => string.Join(',', r.Select(c => $"\"{c}\"")) + "\r\n")));
            TableAssert.Same(plain, quoted);
        }
    }

    [Fact]
    public void A_file_of_many_chunks_equals_its_rows_even_where_the_type_turns_late()
    {
        var text = new StringBuilder("id,x,late,number\r\n");
        var expected = new List<float>();
        var random = new SeededRandom(3);
        for (var i = 0; i < 150_000; i++)
        {
            expected.Add((float)random.NextDouble());
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"row {i},{expected[i]},{(i == 149_990 ? "text" : "1")},{(i == 140_000 ? "16777217" : "2")}\r\n");
        }
        var table = Read(text.ToString());
        Assert.Equal(150_000, table.RowCount);
        Assert.Equal(expected, Floats(table, "x"));
        Assert.Equal("row 149999", Texts(table, "id")[^1]);
        Assert.Equal(["1", "text", "1"], Texts(table, "late")[149_989..149_992]);
        Assert.Equal([2, 16777217, 2], Doubles(table, "number")[139_999..140_002]);
    }

    [Fact]
    public void A_ragged_line_far_down_is_named_by_its_number()
    {
        var text = new StringBuilder("a,b\n");
        for (var i = 2; i < 900_000; i++)
            text.Append(i == 800_001 ? "1,2,3\n" : "1,2\n");
        var error = Assert.Throws<InvalidDataException>(() => Read(text.ToString()));
        Assert.Contains("line 800001", error.Message, StringComparison.Ordinal);
        Assert.Contains("3 cells, 2 were expected", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("\n\n", "no lines")]
    [InlineData("a,b\n1\n", "line 2: column 'b': the line has only 1 cells, 2 were expected")]
    [InlineData("a,b\n\"1\"\n", "line 2: column 'b': the line has only 1 cells, 2 were expected")]
    [InlineData("a,b\n1,2\n\n1,2,3,4\n", "line 4: after column 'b': the line has 4 cells, 2 were expected")]
    [InlineData("a,b,a\n1,2,3\n", "line 1: column 'a' occurs 2 times")]
    [InlineData("a,b\n1,\"2\n", "line 2")]
    [InlineData("a,b\n1,\"2\"x\n", "line 2")]
    [InlineData("a\0b\n", "zero bytes")]
    public void A_defect_names_file_line_and_column(string text, string expected)
    {
        var error = Assert.Throws<InvalidDataException>(() => Read(text));
        Assert.StartsWith("t.csv: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p,q\n1,2\n\n3,x\n")]
    [InlineData("p,q\n1,2\n\n3,\"x\"\n")]
    public void A_text_in_a_numeric_role_names_line_and_column(string text)
    {
        var error = Assert.Throws<InvalidDataException>(() => Read(text, new TableReadOptions { NumericColumns = ["q"] }));
        Assert.Equal("t.csv: line 4: column 'q': 'x' is not a number", error.Message);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_name_their_line()
    {
        var error = Assert.Throws<InvalidDataException>(() => TableFile.Read(new MemoryStream([.. "a,b\nx,1\ncaf"u8, 0xE9, .. ",2\ny,3\n"u8]), "t.csv"));
        Assert.Contains("line 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_first_line_of_numbers_is_data_unless_it_counts_the_columns()
    {
        Assert.Equal(["column1", "column2"], Read("0.1,0.9\n0.5,0.5\n").Columns.Select(c => c.Name));
        Assert.Equal(2, Read("0.1,0.9\n0.5,0.5\n").RowCount);
        Assert.Equal(["0", "1"], Read("0,1\n0.5,0.5\n").Columns.Select(c => c.Name));
        Assert.Equal(1, Read("0,1\n0.5,0.5\n", new() { HasHeader = true }).RowCount);
        Assert.Equal(2, Read("0,1\n0.5,0.5\n", new() { HasHeader = false }).RowCount);
        Assert.Equal(["column1", "0", "1"], Read(",0,1\n0,0.5,0.5\n").Columns.Select(c => c.Name));
    }

    [Fact]
    public void Chosen_columns_come_in_the_chosen_order_and_texts_stay_texts()
    {
        var options = new TableReadOptions { Columns = ["c", "a"], TextColumns = ["a"] };
        foreach (var text in new[] { "a,b,c\n007,x,1\n", "a,b,c\n\"007\",x,1\n" })
        {
            var table = Read(text, options);
            Assert.Equal(["c", "a"], table.Columns.Select(c => c.Name));
            Assert.Equal(["007"], Texts(table, "a"));
        }
        Assert.Contains("no column 'd'; there are: a, b, c", Assert.Throws<InvalidDataException>(() => Read("a,b,c\n1,2,3\n", new() { Columns = ["d"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Single_precision_is_obeyed()
    {
        Assert.Equal([0.123456789f], Floats(Read("x,y\n0.12345678901234567,1\n", new() { SinglePrecision = true }), "x"));
        Assert.Equal([0.123456789f], Floats(Read("x,y\n\"0.12345678901234567\",1\n", new() { SinglePrecision = true }), "x"));
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void A_byte_order_mark_is_no_part_of_the_first_name(string encodingName)
    {
        var encoding = Encoding.GetEncoding(encodingName);
        var table = TableFile.Read(new MemoryStream([.. encoding.GetPreamble(), .. encoding.GetBytes("é,b\n1,ü\n2,v\n")]), "t.csv");
        Assert.Equal([1, 2], Floats(table, "é"));
        Assert.Equal(["ü", "v"], Texts(table, "b"));
    }

    [Fact]
    public void Line_ends_of_any_system_end_lines()
    {
        foreach (var end in new[] { "\n", "\r\n", "\r" })
            Assert.Equal([1, 3], Floats(Read($"a,b{end}1,2{end}3,4"), "a"));
    }

    [Fact]
    public void A_packed_file_reads_like_a_plain_one()
    {
        using var folder = new TemporaryFolder();
        using (var gzip = new GZipStream(File.Create(folder.File("t.csv.gz")), CompressionLevel.Fastest))
            gzip.Write("a,b\n1,2\n"u8);
        Assert.Equal([1], Floats(TableFile.Read(folder.File("t.csv.gz")), "a"));
        var cut = File.ReadAllBytes(folder.File("t.csv.gz"))[..^10];
        Assert.Throws<InvalidDataException>(() => TableFile.Read(folder.Write("cut.csv.gz", cut)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Blocks_put_together_are_the_table(int rowsPerBlock)
    {
        using var folder = new TemporaryFolder();
        for (var quotes = 0; quotes < 3; quotes++)
        {
            // No quotes; quotes from the start; quotes only after some blocks.
            var lines = Enumerable.Range(0, 50).Select(i => $"{i},{(quotes == 1 || (quotes == 2 && i > 30) ? $"\"n,\n{i}\"" : $"n{i}")},{i * 0.5}\n");
            var path = folder.Write($"{quotes}.csv", "i,name,half\n" + string.Concat(lines));
            var blocks = TableFile.ReadBlocks(path, rowsPerBlock).ToArray();
            Assert.All(blocks, b => Assert.InRange(b.RowCount, 1, rowsPerBlock));
            var whole = TableFile.Read(path);
            Assert.Equal(Floats(whole, "half"), blocks.SelectMany(b => Floats(b, "half")));
            Assert.Equal(Texts(whole, "name"), blocks.SelectMany(b => Texts(b, "name")));
        }
    }

    [Fact]
    public void A_text_in_a_later_block_of_a_numeric_column_names_its_line()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("late.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 30_000).Select(i => $"{(i == 25_000 ? "x" : "1")},2\n")));
        var error = Assert.Throws<InvalidDataException>(() => TableFile.ReadBlocks(path, 10_000).ToArray());
        Assert.Contains("line 25002: column 'a': 'x' is not a number", error.Message, StringComparison.Ordinal);
    }
}
