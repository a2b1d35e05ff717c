using Assay.Data;

namespace Assay.Evaluation.Tests;

public sealed class PoolFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("assay-pool").FullName;

    public void Dispose() => Directory.Delete(folder, true);

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public void A_long_table_with_booleans_and_datasets()
    {
        var pool = PoolFile.Load(Write("long.csv", "model,sample,score,dataset,text\na,1,true,x,one\nb,1,False,x,one\na,1,0.5,y,other\nb,1,,y,other\na,007,3,y,seven\nb,007,4,y,seven\n"));
        Assert.Equal((2, 3, 5), (pool.Models.Length, pool.SampleCount, pool.MeasurementCount));
        Assert.Equal(["x", "y", "y"], pool.Metadata["dataset"]);
        Assert.Equal("007", pool.SampleId(2));
        Assert.Equal([1, 0], pool.Sample(0).Scores.ToArray());
    }

    [Fact]
    public void Json_lines_read_the_same()
    {
        var pool = PoolFile.Load(Write("long.jsonl", "{\"model\":\"a\",\"sample\":\"s\",\"score\":true}\n{\"model\":\"b\",\"sample\":\"s\",\"score\":0}\n"));
        Assert.Equal([1, 0], pool.Sample(0).Scores.ToArray());
    }

    [Fact]
    public void The_released_layout_is_read_as_it_is()
    {
        TableFile.Write(Path.Combine(folder, "results.parquet"), new Table("r",
        [
            new TextColumn("model", ["m1", "m2"]), new DoubleColumn("uuid-1", [1, 0]), new DoubleColumn("uuid-2", [0.25, double.NaN]), new DoubleColumn("uuid-3", [double.NaN, double.NaN]),
        ]));
        Write("instances.json", """{"uuid-1":{"question":{"text":"What is 2 + 2?"},"references":[{"text":"4"},{"text":"5"}],"metadata":{"source":"helm"}},"unknown":{}}""");
        Write("pairwise.csv", "model_a,model_b,data_instance,winner\nm1,m2,uuid-1,model_a\n"); // derived from the results: not counted again
        var pool = PoolFile.Load(folder);
        Assert.Equal((2, 3, 0), (pool.SampleCount, pool.MeasurementCount, pool.Pairs.Length));
        Assert.Equal(("What is 2 + 2?", "helm", ""), (pool.MetadataOf(0, "text"), pool.MetadataOf(0, "source"), pool.MetadataOf(1, "text")));
        Assert.Single(pool.Find(new SampleQuery { Filters = [SampleFilter.Parse("references len 2")] }));
    }

    [Fact]
    public void Pairs_and_matrices_of_the_release()
    {
        Write("arena/pairwise.csv", "model_a,model_b,data_instance,winner\na,b,q1,model_a\nb,a,q1,model_b\na,b,q2,tie (bothbad)\na,c,q2,c\n");
        var pairs = PoolFile.Load(Path.Combine(folder, "arena")).Pairs.ToArray();
        Assert.Equal([PairOutcome.First, PairOutcome.Second, PairOutcome.Tie, PairOutcome.Second], pairs.Select(p => p.Outcome));
        Write("vlm/coco/numeric/r.csv", "model,coco_1,coco_2\na,0.5,0.25\nb,1.5,\n");
        Write("vlm/vqa/binary/r.csv", "model,vqa_1\na,1\nc,0\n");
        var pool = PoolFile.Load(Path.Combine(folder, "vlm"));
        Assert.Equal((3, 3, 5), (pool.Models.Length, pool.SampleCount, pool.MeasurementCount));
        Assert.Equal(["coco", "coco", "vqa"], pool.Metadata["dataset"]);
        Assert.Equal(["numeric", "numeric", "binary"], pool.Metadata["metric"]);
    }

    [Theory]
    [InlineData("a.csv", "x,y\n1,2\n", "model, sample and score")]
    [InlineData("a.csv", "model,sample,score\na,1,good\n", "row 1, column 'score': 'good'")]
    [InlineData("a.csv", "model,sample,score\na,1,1\n,1,0\n", "row 2: the model is empty")]
    [InlineData("a.csv", "model,sample,score\na,1,\n", "missing")]
    [InlineData("a.csv", "model_a,model_b,winner\na,a,tie\n", "with itself")]
    [InlineData("a.csv", "model_a,model_b,winner\na,b,nobody\n", "row 1: the winner is 'nobody'")]
    public void Defects_are_named(string name, string text, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => PoolFile.Load(Write(name, text))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_folder_of_something_else_is_refused() => Assert.Throws<InvalidDataException>(() => PoolFile.Load(folder));
}
