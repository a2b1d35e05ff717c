namespace Assay.Lab.Tests;

public sealed class XmlDocumentationTests
{
    [Fact]
    public void Tags_become_plain_text()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("x.xml"),
            $"""
            <doc><members><member name="T:{typeof(CoinStudy).FullName}">
              <summary>Throws a <see cref="T:A.B.Coin`1"/> with <paramref name="p"/>
                 and <c>1 &lt; 2</c>.<para>Second.</para></summary>
              <param name="p">The   chance.</param>
            </member></members></doc>
            """);
        var documentation = XmlDocumentation.Load(folder.File("x.xml"));
        Assert.Equal("Throws a Coin with p and 1 < 2.\nSecond.", documentation.Summary(typeof(CoinStudy)));
        Assert.Equal("The chance.", documentation.Parameter(typeof(CoinStudy), "p"));
        Assert.Equal("", documentation.Parameter(typeof(CoinStudy), "q"));
    }

    [Fact]
    public void An_absent_or_damaged_file_has_no_documentation()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal("", XmlDocumentation.Load(folder.File("none.xml")).Summary(typeof(CoinStudy)));
        File.WriteAllText(folder.File("bad.xml"), "<doc>");
        Assert.Equal("", XmlDocumentation.Load(folder.File("bad.xml")).Summary(typeof(CoinStudy)));
    }
}
